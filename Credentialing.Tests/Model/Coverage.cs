using System.Collections.Concurrent;
using System.Globalization;

namespace Credentialing.Tests.Model;

/// <summary>Counts what the histories have covered.</summary>
internal sealed class Coverage
{
    private readonly ConcurrentDictionary<string, int> counts = new(StringComparer.Ordinal);

    internal int this[string what] => counts.GetValueOrDefault(what);

    internal void Add(string what, int count = 1)
    {
        if (count > 0)
            counts.AddOrUpdate(what, count, (_, before) => before + count);
    }

    public override string ToString() => string.Join(", ", counts.OrderBy(item => item.Key, StringComparer.Ordinal).Select(item => string.Create(CultureInfo.InvariantCulture, $"{item.Key} {item.Value}")));
}
