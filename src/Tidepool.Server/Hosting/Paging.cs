using System.Globalization;
using Tidepool.Server.Problems;

namespace Tidepool.Server.Hosting;

/// <summary>The query of every paged list.</summary>
internal static class Paging
{
    private const int DefaultLimit = 25;
    private const int MaxLimit = 100;

    public static Problem? Validate(string? limit, string? cursor, out int count)
    {
        if (!TryParse(limit, DefaultLimit, 1, MaxLimit, out count))
        {
            return Problem.Invalid("limit", $"A whole number from 1 to {MaxLimit}.");
        }

        return cursor is { Length: 0 or > 512 } ? Problem.Invalid("cursor", "The cursor is not one that this list gave out.") : null;
    }

    public static bool TryParse(string? text, int whenMissing, int lowest, int highest, out int number)
    {
        number = whenMissing;
        return text is null || (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number >= lowest && number <= highest);
    }
}
