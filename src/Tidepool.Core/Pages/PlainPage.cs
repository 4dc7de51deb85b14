using System.Text.Encodings.Web;

namespace Tidepool.Core.Pages;

/// <summary>
/// A page that needs no file beside itself, in the style of Tidepool's page: for where that page's own files cannot be had. Its colors
/// are those of the page's style sheet.
/// </summary>
public static class PlainPage
{
    private const string Style = """
        :root {
          color-scheme: light dark;
          --ground: #f6f8f9;
          --surface: #ffffff;
          --line: #d5dde1;
          --text: #16242b;
          --accent: #0b6b7d;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --ground: #0f171b;
            --surface: #172227;
            --line: #2d3c43;
            --text: #e6eef1;
            --accent: #5cc6da;
          }
        }
        * { box-sizing: border-box; }
        html { background: var(--ground); color: var(--text); font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
        body { margin: 0; overflow-wrap: anywhere; }
        header { background: var(--surface); border-bottom: 1px solid var(--line); padding: .75rem max(1rem, calc((100vw - 60rem) / 2)); font-weight: 700; font-size: 1.125rem; }
        main { margin: 2rem auto; max-width: 62rem; padding: 0 1rem; }
        h1 { font-size: 1.75rem; line-height: 1.2; letter-spacing: -.01em; margin: 0 0 .5rem; }
        h2 { font-size: 1.125rem; line-height: 1.2; margin: 1.5rem 0 .25rem; }
        p { margin: .25rem 0; }
        a { color: var(--accent); }
        :focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
        """;

    /// <summary>The whole page as HTML.</summary>
    /// <param name="title">Its title, as plain text.</param>
    /// <param name="content">What it shows, as HTML.</param>
    /// <param name="script">A script that it runs; the sender's policy must allow it.</param>
    public static string Html(string title, string content, string? script = null) => $"""
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
        <title>{HtmlEncoder.Default.Encode(title)} · Tidepool</title>
        <style>
        {Style}
        </style>
        </head>
        <body>
        <header>Tidepool</header>
        <main>
        {content}
        </main>{(script is null ? "" : $"\n<script>{script}</script>")}
        </body>
        </html>

        """;
}
