using System.Text;
using System.Text.Encodings.Web;
using Tidepool.Contracts;
using Tidepool.Core.Pages;

namespace Tidepool.Server.Problems;

/// <summary>The page that the type of every problem leads to: what each code means, and what to do.</summary>
internal static class ProblemPage
{
    public const string Path = "/api/docs/problems";

    private static readonly (string Code, string Meaning, string Remedy)[] All =
    [
        (ProblemCodes.Validation, "A field, the query or the path of the request is not valid.", "Correct what the problem's errors name, by field, and send the request again."),
        (ProblemCodes.SignInNeeded, "The request carries no valid user name and password.", "Open Tidepool's page and sign in, or send them by HTTP basic authentication. `tidepool password` sets a new password."),
        (ProblemCodes.NotFound, "No workspace, port or address of the API is there under that name.", "Check the list of workspaces, or the API's documentation. It may have been deleted."),
        (ProblemCodes.NameTaken, "Another workspace has that name.", "Choose another name, or delete the other workspace first."),
        (ProblemCodes.TransitionRefused, "The workspace is in a state from which it cannot do that.", "The problem names both states. A deletion cannot be undone; only a workspace with a disk can be cloned."),
        (ProblemCodes.PortLimit, "The workspace has as many registered ports as it may have.", "Remove a port that you no longer need."),
        (ProblemCodes.WorkspaceLimit, "There are as many workspaces as there may be.", "Delete a workspace that you no longer need."),
        (ProblemCodes.NotRunning, "That is possible only while the workspace runs.", "Start the workspace first."),
        (ProblemCodes.CapacityExhausted, "This machine has not enough memory, processor or disk space left for it.", "Stop the workspace that the problem names as least recently used, delete one, or ask for less. `tidepool capacity` shows what is free."),
        (ProblemCodes.CrossOrigin, "A page of another origin sent the request.", "Use Tidepool's own page or a program that is no browser."),
        (ProblemCodes.UnsupportedMediaType, "The body's type is not understood.", "Send the body as application/json."),
        (ProblemCodes.TooLarge, "The request's body is too large.", "Send less; the problem says how much is allowed."),
        (ProblemCodes.MethodNotAllowed, "The address exists, but not for that method.", "The API's documentation lists what each address takes."),
        (ProblemCodes.TooManyRequests, "There were too many requests or wrong passwords.", "Wait for the time that Retry-After gives, and try again."),
        (ProblemCodes.StorageFull, "The disk is full, so nothing was changed and nothing was lost.", "Free space on the disk with Tidepool's state directory. `tidepool doctor` names it."),
        (ProblemCodes.DependencyDown, "A part of Tidepool does not answer.", "Try again shortly. `tidepool status` and `tidepool doctor` show details."),
        (ProblemCodes.Internal, "Something went wrong inside Tidepool; it was logged.", "Try again. If it stays, `tidepool logs --component server` shows details."),
    ];

    /// <summary>What a problem with that code has as its type.</summary>
    public static string TypeOf(string code) => $"{Path}#{code}";

    public static void MapProblemPage(this IEndpointRouteBuilder routes) =>
        routes.MapGet(Path, () => Results.Content(Html(), "text/html; charset=utf-8")).ExcludeFromDescription();

    internal static string Html()
    {
        var encode = HtmlEncoder.Default;
        var content = new StringBuilder("<h1>Problems that the API answers with</h1>");
        foreach (var (code, meaning, remedy) in All)
        {
            content.Append($"\n<h2 id=\"{encode.Encode(code)}\">{encode.Encode(code)}</h2>\n<p>{encode.Encode(meaning)} {encode.Encode(remedy)}</p>");
        }

        return PlainPage.Html("Problems", content.ToString());
    }
}
