package io.adapt4j.core.finetune;

import java.util.List;
import java.util.function.UnaryOperator;

/** Formats previews. */
record PreviewText(UnaryOperator<String> mark) {

  private static final int WIDTH = 100;
  private static final String INDENT = "   ";

  String of(Preview preview) {
    StringBuilder text = new StringBuilder();
    preview.rows().forEach(row -> write(row, text));
    return text.toString();
  }

  private void write(Preview.Row row, StringBuilder text) {
    text.append(row.place()).append('\n');
    List<Preview.Sample> samples = row.samples();
    for (int i = 0; i < samples.size(); i++) {
      List<Preview.Token> tokens = samples.get(i).tokens();
      text.append("  ");
      if (samples.size() > 1) {
        text.append("part ").append(i + 1).append(" of ").append(samples.size()).append(": ");
      }
      text.append(tokens.size())
          .append(" tokens, ")
          .append(tokens.stream().filter(Preview.Token::trained).count())
          .append(" trained\n");
      write(tokens, text);
    }
    row.remarks().forEach(remark -> text.append("  note: ").append(remark).append('\n'));
  }

  /** Markers do not count toward the width of a line, since some are invisible. */
  private void write(List<Preview.Token> tokens, StringBuilder text) {
    int width = 0;
    for (Preview.Token token : tokens) {
      String visible = visible(token.text());
      if (width == 0 || width + visible.length() >= WIDTH) {
        text.append(width == 0 ? "" : "\n").append(INDENT);
        width = INDENT.length();
      }
      text.append(' ').append(token.trained() ? mark.apply(visible) : visible);
      width += visible.length() + 1;
    }
    text.append('\n');
  }

  private static String visible(String token) {
    return token
        .replace("\n", "\\n")
        .replace("\r", "\\r")
        .replace("\t", "\\t")
        .replace(" ", "\u2423");
  }
}
