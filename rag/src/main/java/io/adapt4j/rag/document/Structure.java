package io.adapt4j.rag.document;

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
   * Tells how a document's text is built: by the field {@link DocumentFields#STRUCTURE}, and where
   * it is not there, by the extension of its id.
   *
   * @param document the document
   * @return its structure; {@link #TEXT} where nothing tells
   */
  public static Structure of(Document document) {
    Object stated = document.metadata().get(DocumentFields.STRUCTURE);
    for (Structure structure : values()) {
      if (structure.fieldValue().equals(stated)) {
        return structure;
      }
    }
    return ofExtension(FileNames.extension(document.id()));
  }

  /**
   * Returns the value of the field {@link DocumentFields#STRUCTURE}.
   *
   * @return the name in lower case
   */
  public String fieldValue() {
    return name().toLowerCase(Locale.ROOT);
  }

  static Structure ofExtension(String extension) {
    if (MARKDOWN_EXTENSIONS.contains(extension)) {
      return MARKDOWN;
    }
    return CODE_EXTENSIONS.contains(extension) ? CODE : TEXT;
  }
}
