package io.adapt4j.core.inspect;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.commonmark.node.AbstractVisitor;
import org.commonmark.node.Code;
import org.commonmark.node.Heading;
import org.commonmark.node.Node;
import org.commonmark.node.SourceSpan;
import org.commonmark.node.Text;
import org.commonmark.parser.IncludeSourceSpans;
import org.commonmark.parser.Parser;

/** Splits Markdown at its headings. */
final class MarkdownSections {

  private static final int LOWEST_LEVEL = 6;

  /** Far above the needs of a card; cards are untrusted. */
  private static final int DEEPEST_NESTING = 100;

  private static final Parser PARSER =
      Parser.builder()
          .includeSourceSpans(IncludeSourceSpans.BLOCKS)
          .maxOpenBlockParsers(DEEPEST_NESTING)
          .maxInlineNesting(DEEPEST_NESTING)
          .build();

  private MarkdownSections() {}

  static List<CardSection> of(String markdown) {
    List<Heading> headings = headings(PARSER.parse(markdown));
    // By level: the end of a section of that level, going backwards from the last heading.
    int[] ends = new int[LOWEST_LEVEL + 1];
    Arrays.fill(ends, markdown.length());
    List<CardSection> sections = new ArrayList<>();
    for (int i = headings.size() - 1; i >= 0; i--) {
      Heading heading = headings.get(i);
      int level = heading.getLevel();
      String text = markdown.substring(end(heading), ends[level]).strip();
      sections.add(new CardSection(level, text(heading), text));
      Arrays.fill(ends, level, ends.length, start(heading));
    }
    Collections.reverse(sections);
    return List.copyOf(sections);
  }

  private static List<Heading> headings(Node document) {
    List<Heading> headings = new ArrayList<>();
    for (Node node = document.getFirstChild(); node != null; node = node.getNext()) {
      if (node instanceof Heading heading) {
        headings.add(heading);
      }
    }
    return headings;
  }

  private static int start(Heading heading) {
    return heading.getSourceSpans().get(0).getInputIndex();
  }

  private static int end(Heading heading) {
    List<SourceSpan> spans = heading.getSourceSpans();
    SourceSpan last = spans.get(spans.size() - 1);
    return last.getInputIndex() + last.getLength();
  }

  private static String text(Heading heading) {
    StringBuilder text = new StringBuilder();
    heading.accept(
        new AbstractVisitor() {
          @Override
          public void visit(Text node) {
            text.append(node.getLiteral());
          }

          @Override
          public void visit(Code node) {
            text.append(node.getLiteral());
          }
        });
    return text.toString().strip();
  }
}
