using Azure.Data.Tables;

namespace Credentialing.Tests.Support;

/// <summary>Rows as text, to compare them.</summary>
internal static class RowText
{
    /// <summary>Returns the columns of a row with their types and values, without those that the table sets.</summary>
    /// <param name="row">The row.</param>
    /// <param name="omitted">Further columns that are left out.</param>
    internal static string Describe(this TableEntity row, params string[] omitted) => string.Join(' ', row
        .Where(column => column.Value is not null && column.Key is not ("odata.etag" or "Timestamp") && !omitted.Contains(column.Key))
        .OrderBy(column => column.Key, StringComparer.Ordinal)
        .Select(column => $"{column.Key}: {column.Value.GetType().Name} {ValueOf(column.Value)}"));

    private static string? ValueOf(object value) => value switch
    {
        byte[] bytes => Convert.ToHexString(bytes),
        DateTimeOffset instant => instant.ToString("O", null),
        _ => value.ToString(),
    };
}
