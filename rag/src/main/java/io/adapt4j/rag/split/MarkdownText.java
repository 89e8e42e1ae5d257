package io.adapt4j.rag.split;

import java.util.List;
import java.util.regex.Pattern;
import org.commonmark.node.AbstractVisitor;
import org.commonmark.node.Block;
import org.commonmark.node.BlockQuote;
import org.commonmark.node.Code;
import org.commonmark.node.FencedCodeBlock;
import org.commonmark.node.Heading;
import org.commonmark.node.HtmlBlock;
import org.commonmark.node.IndentedCodeBlock;
import org.commonmark.node.ListBlock;
import org.commonmark.node.Node;
import org.commonmark.node.Paragraph;
import org.commonmark.node.SourceSpan;
import org.commonmark.node.Text;
import org.commonmark.parser.IncludeSourceSpans;
import org.commonmark.parser.Parser;

/** Finds breaks at Markdown's headings, lists, tables and code, as defined by CommonMark. */
final class MarkdownText {

  /** Nesting of quotes and lists beyond which they are treated as text. */
  private static final int DEEPEST = 50;

  /** Limit of a title's length, since inline parsing can take quadratic time. */
  private static final int LONGEST_TITLE = 1000;

  private static final Parser BLOCKS =
      Parser.builder()
          .includeSourceSpans(IncludeSourceSpans.BLOCKS)
          .maxOpenBlockParsers(DEEPEST)
          .inlineParserFactory(context -> (lines, node) -> {})
          .build();
  private static final Parser INLINE =
      Parser.builder().maxOpenBlockParsers(DEEPEST).maxInlineNesting(DEEPEST).build();

  private static final Pattern TABLE_RULE = Pattern.compile("[ \\t]*\\|?[ \\t:]*-[-| \\t:]*\\|.*");

  private final String text;
  private final int offset;
  private final Breaks breaks = new Breaks();

  private MarkdownText(String text, int offset) {
    this.text = text;
    this.offset = offset;
    breaks.startAt(offset);
  }

  static Breaks breaks(String text) {
    int start = FrontMatter.end(text);
    MarkdownText markdown = new MarkdownText(text, start);
    markdown.addBlocks(BLOCKS.parse(text.substring(start)));
    return markdown.breaks;
  }

  private void addBlocks(Node document) {
    boolean afterHeading = false;
    for (Node block = document.getFirstChild(); block != null; block = block.getNext()) {
      if (block.getSourceSpans().isEmpty()) {
        continue;
      }
      int strength = block instanceof Heading h ? beforeHeading(h) : Strength.BLOCK;
      // A heading stays with its section.
      breaks.add(start(block), afterHeading ? Strength.WORD : strength);
      if (block instanceof Heading heading) {
        breaks.addHeading(new Breaks.Heading(start(heading), heading.getLevel(), title(heading)));
        addProse(heading);
      } else {
        addInside(block, Strength.ITEM);
      }
      afterHeading = block instanceof Heading;
    }
  }

  private static int beforeHeading(Heading heading) {
    return Strength.beforeHeading(heading.getLevel());
  }

  /** Adds the breaks within a block; those between its children have at most the given strength. */
  private void addInside(Node block, int strength) {
    if (block instanceof Paragraph) {
      if (isTable(block)) {
        Sentences.addLines(text, start(block), end(block), Strength.SENTENCE, breaks);
      } else {
        addProse(block);
      }
    } else if (block instanceof FencedCodeBlock || block instanceof IndentedCodeBlock) {
      SourceCode.add(text, start(block), end(block), Strength.ITEM, breaks);
    } else if (block instanceof HtmlBlock) {
      Sentences.addLines(text, start(block), end(block), Strength.LINE, breaks);
    } else if (block instanceof ListBlock || block instanceof BlockQuote) {
      addChildren(block, strength);
    } else if (block instanceof Block) {
      addChildren(block, Math.max(Strength.INNER_ITEM, strength - 1));
    }
  }

  private void addChildren(Node block, int strength) {
    for (Node child = block.getFirstChild(); child != null; child = child.getNext()) {
      if (!child.getSourceSpans().isEmpty()) {
        breaks.add(start(child), child == block.getFirstChild() ? Strength.WORD : strength);
        addInside(child, strength);
      }
    }
  }

  private void addProse(Node block) {
    Sentences.add(text, start(block), end(block), breaks);
  }

  private boolean isTable(Node block) {
    List<SourceSpan> lines = block.getSourceSpans();
    return lines.size() > 1
        && line(lines.get(0)).indexOf('|') >= 0
        && TABLE_RULE.matcher(line(lines.get(1))).matches();
  }

  private String line(SourceSpan span) {
    int start = offset + span.getInputIndex();
    return text.substring(start, start + span.getLength());
  }

  private int start(Node block) {
    return offset + block.getSourceSpans().get(0).getInputIndex();
  }

  private int end(Node block) {
    List<SourceSpan> lines = block.getSourceSpans();
    SourceSpan last = lines.get(lines.size() - 1);
    return offset + last.getInputIndex() + last.getLength();
  }

  private String title(Heading heading) {
    StringBuilder title = new StringBuilder();
    INLINE
        .parse(
            text.substring(start(heading), Math.min(end(heading), start(heading) + LONGEST_TITLE)))
        .accept(
            new AbstractVisitor() {
              @Override
              public void visit(Text words) {
                title.append(words.getLiteral());
              }

              @Override
              public void visit(Code code) {
                title.append(code.getLiteral());
              }
            });
    return title.toString().strip().replaceAll("\\s+", " ");
  }
}
