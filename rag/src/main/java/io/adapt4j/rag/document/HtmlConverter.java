package io.adapt4j.rag.document;

import io.adapt4j.rag.internal.document.Structure;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.jsoup.Jsoup;
import org.jsoup.nodes.Element;
import org.jsoup.nodes.Node;
import org.jsoup.nodes.TextNode;
import org.jsoup.select.NodeFilter;
import org.jsoup.select.NodeTraversor;

/** Converts the visible content of HTML to Markdown. */
final class HtmlConverter {

  private static final Pattern INVISIBLE =
      Pattern.compile("display\\s*:\\s*none|visibility\\s*:\\s*hidden");

  private HtmlConverter() {}

  static Converted convert(String html, long mostCharacters) {
    org.jsoup.nodes.Document page = Jsoup.parse(html);
    TextSink sink = new TextSink(mostCharacters);
    MarkdownWriter writer = new MarkdownWriter(sink, false);
    NodeTraversor.filter(new Events(writer), page.body());
    writer.finish();
    return new Converted(sink.text(), page.title().strip(), Structure.MARKDOWN, Map.of());
  }

  /** Forwards nodes to the writer. */
  private record Events(MarkdownWriter writer) implements NodeFilter {

    @Override
    public FilterResult head(Node node, int depth) {
      if (node instanceof TextNode text) {
        writer.text(text.getWholeText());
      } else if (node instanceof Element element) {
        if (isInvisible(element)) {
          return FilterResult.SKIP_ENTIRELY;
        }
        writer.begin(element.normalName());
      }
      return FilterResult.CONTINUE;
    }

    @Override
    public FilterResult tail(Node node, int depth) {
      if (node instanceof Element element && !isInvisible(element)) {
        writer.end(element.normalName());
      }
      return FilterResult.CONTINUE;
    }

    private static boolean isInvisible(Element element) {
      return element.hasAttr("hidden")
          || INVISIBLE.matcher(element.attr("style").toLowerCase(Locale.ROOT)).find();
    }
  }
}
