// Orders pairs of versions by NuGet.Versioning.
using System;
using NuGet.Versioning;

static class Order
{
    static void Main()
    {
        for (string line; (line = Console.In.ReadLine()) != null; )
        {
            var pair = line.Split('\t');
            NuGetVersion a, b;
            var read = NuGetVersion.TryParse(pair[0], out a) & NuGetVersion.TryParse(pair[1], out b);
            Console.Out.WriteLine(read ? "<=>"[Math.Sign(a.CompareTo(b)) + 1] : '?');
        }
    }
}
