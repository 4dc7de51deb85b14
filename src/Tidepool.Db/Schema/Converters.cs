using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace Tidepool.Db.Schema;

/// <summary>An instant as UTC ticks: exact, and in its own order in every database.</summary>
internal sealed class InstantConverter() : ValueConverter<DateTimeOffset, long>(
    instant => instant.UtcTicks,
    ticks => new DateTimeOffset(ticks, TimeSpan.Zero));

/// <summary>An id as its 16 bytes, most significant first, so that ids of version 7 sort by time.</summary>
internal sealed class IdConverter() : ValueConverter<Guid, byte[]>(
    id => id.ToByteArray(true),
    bytes => new Guid(bytes, true));
