using Microsoft.AspNetCore.Http.HttpResults;
using Tidepool.Contracts;
using Tidepool.Host.Images;
using Tidepool.Server.Hosting;

namespace Tidepool.Server.Images;

/// <summary><c>/api/images</c>.</summary>
internal static class ImageEndpoints
{
    public static void MapImages(this IEndpointRouteBuilder api) =>
        api.MapGet("/images", List).WithTags("Images").WithSummary("The images that were built on this machine.").Produces<IReadOnlyList<ImageResponse>>().Problems();

    private static Ok<IReadOnlyList<ImageResponse>> List(ImageCatalog images) =>
        TypedResults.Ok<IReadOnlyList<ImageResponse>>([.. images.List().Select(i => new ImageResponse(i.Name, i.Hash, i.CreatedAt, i.SizeBytes))]);
}
