package io.adapt4j.rag.internal.document;

import java.util.Locale;
import java.util.Set;

/** How a text is built, which decides where it is cut. */
public enum Structure {
  /** Paragraphs between blank lines. */
  TEXT,
  /** Markdown, or what was rendered to it: headings, lists, tables, code. */
  MARKDOWN,
  /** Source code: blocks told by blank lines and indentation. */
  CODE;

  private static final Set<String> MARKDOWN_EXTENSIONS = Set.of("md", "markdown", "mdown", "mkd");

  private static final Set<String> CODE_EXTENSIONS =
      Set.of(
          "bash", "c", "cc", "clj", "cpp", "cs", "css", "dart", "erl", "ex", "fs", "go", "gradle",
          "groovy", "h", "hpp", "hs", "java", "jl", "js", "json", "jsx", "kt", "kts", "lua", "m",
          "ml", "php", "pl", "proto", "ps1", "py", "r", "rb", "rs", "scala", "scss", "sh", "sql",
          "swift", "tf", "toml", "ts", "tsx", "vb", "vue", "xml", "yaml", "yml");

  /**
   * Returns how a document's text is built: as the field says, or, where it says nothing, by the
   * extension of the document's id; {@link #TEXT} where nothing tells.
   */
  public static Structure of(Object field, String id) {
    for (Structure structure : values()) {
      if (structure.fieldValue().equals(field)) {
        return structure;
      }
    }
    return ofExtension(FileNames.extension(id));
  }

  /** {@return the value of the field} */
  public String fieldValue() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** {@return how a file with this extension is built} */
  public static Structure ofExtension(String extension) {
    if (MARKDOWN_EXTENSIONS.contains(extension)) {
      return MARKDOWN;
    }
    return CODE_EXTENSIONS.contains(extension) ? CODE : TEXT;
  }
}
