package io.adapt4j.rag.internal.document;

import java.util.Locale;
import java.util.Set;

/** Structure of a text, which determines where it is split. */
public enum Structure {
  /** Paragraphs between blank lines. */
  TEXT,
  /** Markdown, or text rendered to it: headings, lists, tables, code. */
  MARKDOWN,
  /** Source code: blocks separated by blank lines and indentation. */
  CODE;

  private static final Set<String> MARKDOWN_EXTENSIONS = Set.of("md", "markdown", "mdown", "mkd");

  private static final Set<String> CODE_EXTENSIONS =
      Set.of(
          "bash", "c", "cc", "clj", "cpp", "cs", "css", "dart", "erl", "ex", "fs", "go", "gradle",
          "groovy", "h", "hpp", "hs", "java", "jl", "js", "json", "jsx", "kt", "kts", "lua", "m",
          "ml", "php", "pl", "proto", "ps1", "py", "r", "rb", "rs", "scala", "scss", "sh", "sql",
          "swift", "tf", "toml", "ts", "tsx", "vb", "vue", "xml", "yaml", "yml");

  /**
   * Returns the structure of a document's text: from the metadata field, else by the extension of
   * the document's id, else {@link #TEXT}.
   */
  public static Structure of(Object field, String id) {
    for (Structure structure : values()) {
      if (structure.fieldValue().equals(field)) {
        return structure;
      }
    }
    return ofExtension(FileNames.extension(id));
  }

  /** {@return the value of the metadata field} */
  public String fieldValue() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** {@return the structure of a file with this extension} */
  public static Structure ofExtension(String extension) {
    if (MARKDOWN_EXTENSIONS.contains(extension)) {
      return MARKDOWN;
    }
    return CODE_EXTENSIONS.contains(extension) ? CODE : TEXT;
  }
}
