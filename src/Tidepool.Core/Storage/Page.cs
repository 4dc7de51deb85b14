namespace Tidepool.Core.Storage;

/// <summary>A page of a list, and the cursor of the next page; null on the last page.</summary>
public sealed record Page<T>(IReadOnlyList<T> Items, string? NextCursor);

/// <summary>The cursor is not one that this store gave out.</summary>
public sealed class InvalidCursorException() : Exception("The cursor is not one that this list gave out. Leave it away to begin at the start.");
