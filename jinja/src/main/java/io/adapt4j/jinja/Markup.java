package io.adapt4j.jinja;

/** A text that counts as escaped for HTML. */
record Markup(String text) {

  /** The text of a value as HTML: as it is if it counts as escaped. */
  static String escape(Run run, Object value) {
    return value instanceof Markup markup
        ? markup.text()
        : run.made(Text.escapeHtml(Values.str(run, value)));
  }
}
