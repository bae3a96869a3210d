using Microsoft.AspNetCore.Http;

namespace Credentialing.Functions.Http;

/// <summary>
/// The errors of a request with a temporary link, as pages in English and Spanish: a parent's browser would show a problem as raw JSON.
/// The pages contain only fixed text: no script, no style, no data of the request.
/// </summary>
internal static class ErrorPage
{
    internal const string MediaType = "text/html";

    /// <summary>Allows pages in the responses to a request. Other requests get problems, whatever they accept.</summary>
    internal static void Allow(HttpContext context) => context.Items[typeof(ErrorPage)] = true;

    /// <summary>
    /// Whether an error is to be sent as a page: pages are allowed, and <c>Accept</c> names HTML, as that of a browser does. Wildcards do
    /// not count: programs send them.
    /// </summary>
    internal static bool IsRequested(HttpContext context) =>
        context.Items.ContainsKey(typeof(ErrorPage)) &&
        context.Request.GetTypedHeaders().Accept.Any(range => range.MediaType.Equals(MediaType, StringComparison.OrdinalIgnoreCase) && range.Quality is not 0);

    /// <summary>Sends the page of an error.</summary>
    /// <param name="context">The request.</param>
    /// <param name="status">The HTTP status code: 403, 404, 429, or another one for an error of the service.</param>
    internal static Task SendAsync(HttpContext context, int status)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = $"{MediaType}; charset=utf-8";
        context.Response.Headers.ContentSecurityPolicy = "default-src 'none'";
        return context.Response.WriteAsync(
            status switch
            {
                // 429: too many links that are not valid. What helps is the same.
                StatusCodes.Status403Forbidden or StatusCodes.Status429TooManyRequests => Page(
                    "This link no longer works",
                    "Go back to the page where you opened the report. Reload that page, and open the report again.",
                    "Este enlace ya no funciona",
                    "Vuelva a la página donde abrió el informe. Recargue esa página y abra el informe otra vez."),
                StatusCodes.Status404NotFound => Page(
                    "The report was not found",
                    "It may have been removed. Go back to the page where you opened the report, and reload that page.",
                    "No se encontró el informe",
                    "Es posible que se haya eliminado. Vuelva a la página donde abrió el informe y recargue esa página."),
                _ => Page(
                    "The report cannot be shown now",
                    "Try again in a few minutes. Your browser can reload this page.",
                    "El informe no se puede mostrar ahora",
                    "Inténtelo otra vez en unos minutos. Puede recargar esta página en su navegador."),
            },
            context.RequestAborted);
    }

    private static string Page(string englishTitle, string englishText, string spanishTitle, string spanishText) =>
        $"""
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>{englishTitle}</title>
        </head>
        <body>
        <main>
        <h1>{englishTitle}</h1>
        <p>{englishText}</p>
        <section lang="es">
        <h2>{spanishTitle}</h2>
        <p>{spanishText}</p>
        </section>
        </main>
        </body>
        </html>

        """;
}
