package io.adapt4j.jinja;

import io.adapt4j.jinja.internal.value.Run;
import java.util.ArrayList;
import java.util.List;

/** Output of a template. Immutable. */
public final class Rendered {

  private final Source source;
  private final String text;
  private final List<Run.Block> blocks;

  Rendered(Source source, String text, List<Run.Block> blocks) {
    this.source = source;
    this.text = text;
    this.blocks = List.copyOf(blocks);
  }

  /** {@return the whole text} */
  public String text() {
    return text;
  }

  /**
   * Returns the spans printed by {@code {% generation %}} blocks, in the order in which the blocks
   * ended.
   *
   * @return an immutable list; empty if none ran
   * @throws TemplateException if a block's text is not at the block's position, because the
   *     template printed it inside a macro, a call, a filter or a set block and then moved or
   *     changed it
   */
  public List<Span> spans() {
    List<Span> spans = new ArrayList<>();
    for (Run.Block block : blocks) {
      if (!text.startsWith(block.text(), block.start())) {
        throw TemplateException.at(
            source,
            block.line(),
            "the text of this generation block cannot be found in the output; put the block"
                + " outside of macros, calls, filters and set blocks");
      }
      spans.add(new Span(block.start(), block.start() + block.text().length()));
    }
    return List.copyOf(spans);
  }
}
