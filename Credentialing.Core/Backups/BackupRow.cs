using System.Globalization;
using System.Text.Json;
using Azure.Data.Tables;

namespace Credentialing.Core.Backups;

/// <summary>
/// A table row as one line of JSON, in the format of Table Storage (OData JSON, minimal metadata): a column whose type JSON does not
/// have is preceded by <c>COLUMN@odata.type</c>. Without the ETag and the timestamp, which a restored row gets anew.
/// </summary>
/// <remarks>Source: Azure Table service, "Payload format for Table service operations" and "Understanding the Table service data model".</remarks>
internal static class BackupRow
{
    private const string TypeSuffix = "@odata.type";

    private static readonly string[] NotWritten = ["odata.etag", nameof(TableEntity.Timestamp)];

    /// <summary>Writes a row, without the columns in <paramref name="omitted"/>.</summary>
    /// <exception cref="NotSupportedException">A column has a type that Table Storage does not have.</exception>
    internal static void Write(Utf8JsonWriter json, TableEntity row, IReadOnlySet<string> omitted)
    {
        json.WriteStartObject();
        json.WriteString(nameof(row.PartitionKey), row.PartitionKey);
        json.WriteString(nameof(row.RowKey), row.RowKey);
        foreach (var (column, value) in row)
        {
            if (value is not null && column is not (nameof(row.PartitionKey) or nameof(row.RowKey)) && !NotWritten.Contains(column) && !omitted.Contains(column))
                Write(json, column, value);
        }

        json.WriteEndObject();
    }

    /// <summary>Reads a line that <see cref="Write(Utf8JsonWriter, TableEntity, IReadOnlySet{string})"/> has written.</summary>
    /// <exception cref="InvalidDataException">The line is not such a row.</exception>
    internal static TableEntity Read(string line)
    {
        try
        {
            using var json = JsonDocument.Parse(line);
            var row = new TableEntity();
            string? type = null;
            foreach (var member in json.RootElement.EnumerateObject())
            {
                if (member.Name.EndsWith(TypeSuffix, StringComparison.Ordinal))
                    type = member.Value.GetString();
                else
                    (row[member.Name], type) = (Read(member.Value, type), null);
            }

            return row is { PartitionKey: not null, RowKey: not null } ? row : throw new InvalidDataException("A row of the backup has no key.");
        }
        catch (Exception failure) when (failure is JsonException or FormatException or InvalidOperationException or OverflowException or ArgumentException or InvalidCastException)
        {
            throw new InvalidDataException($"A row of the backup cannot be read: {failure.GetType().Name}."); // the message may contain data
        }
    }

    private static void Write(Utf8JsonWriter json, string column, object value)
    {
        switch (value)
        {
            case string text:
                json.WriteString(column, text);
                break;
            case int number:
                json.WriteNumber(column, number);
                break;
            case bool flag:
                json.WriteBoolean(column, flag);
                break;
            case double number:
                WriteType("Edm.Double");
                json.WriteString(column, number.ToString("R", CultureInfo.InvariantCulture));
                break;
            case long number:
                WriteType("Edm.Int64");
                json.WriteString(column, number.ToString(CultureInfo.InvariantCulture));
                break;
            case DateTimeOffset instant:
                WriteType("Edm.DateTime");
                json.WriteString(column, instant.UtcDateTime);
                break;
            case Guid id:
                WriteType("Edm.Guid");
                json.WriteString(column, id);
                break;
            case byte[] bytes:
                WriteType("Edm.Binary");
                json.WriteBase64String(column, bytes);
                break;
            default:
                throw new NotSupportedException($"Column {column} has the type {value.GetType().Name}.");
        }

        void WriteType(string type) => json.WriteString(column + TypeSuffix, type);
    }

    private static object Read(JsonElement value, string? type) => type switch
    {
        null => value.ValueKind switch
        {
            JsonValueKind.String => value.GetString()!,
            JsonValueKind.Number => value.GetInt32(),
            JsonValueKind.True or JsonValueKind.False => value.GetBoolean(),
            _ => throw new FormatException(),
        },
        "Edm.Double" => double.Parse(value.GetString()!, CultureInfo.InvariantCulture),
        "Edm.Int64" => long.Parse(value.GetString()!, CultureInfo.InvariantCulture),
        "Edm.DateTime" => value.GetDateTimeOffset(),
        "Edm.Guid" => value.GetGuid(),
        "Edm.Binary" => value.GetBytesFromBase64(),
        _ => throw new FormatException(),
    };
}
