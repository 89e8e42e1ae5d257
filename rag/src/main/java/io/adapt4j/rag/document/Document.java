package io.adapt4j.rag.document;

import io.adapt4j.core.internal.Texts;
import java.util.Collections;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/**
 * A text to search.
 *
 * @param id unique id, such as the path relative to its folder
 * @param title title for display; may be empty
 * @param text its whole text, to which the spans of its chunks and citations refer
 * @param metadata metadata by field: String, Boolean, Long or Double values
 */
public record Document(String id, String title, String text, Map<String, Object> metadata) {

  // Metadata fields set by reading a document; each is present only if known.

  /** String: the file's name without its folder. */
  public static final String FILE_NAME = "file_name";

  /** String: the file's extension in lower case, without the dot. */
  public static final String EXTENSION = "extension";

  /** String: the media type, such as {@code application/pdf}. */
  public static final String MEDIA_TYPE = "media_type";

  /** String: structure of the text, {@code text}, {@code markdown} or {@code code}. */
  public static final String STRUCTURE = "structure";

  /** Long: the file's size in bytes. */
  public static final String SIZE = "size";

  /**
   * Long: time of last modification, in seconds since 1970-01-01 UTC. Not used to detect changes:
   * in a synchronized index it is the file's time when the current content was added.
   */
  public static final String MODIFIED = "modified";

  /** String: the character set of a text file. */
  public static final String CHARSET = "charset";

  /** String: the author or authors. */
  public static final String AUTHOR = "author";

  /** String: creation date stated by the document, in ISO 8601. */
  public static final String CREATED = "created";

  /** Long: the number of pages or slides. */
  public static final String PAGE_COUNT = "page_count";

  /**
   * String: places of the text on its pages, of documents read from pictures; see {@link
   * Pages#boxes}. The indexes keep it with the document, not with its chunks, and cannot filter by
   * it.
   */
  public static final String BOXES = "boxes";

  /** String: the sender of an e-mail. */
  public static final String EMAIL_FROM = "email_from";

  /** String: the recipients of an e-mail, joined by commas. */
  public static final String EMAIL_TO = "email_to";

  /** String: the subject of an e-mail. */
  public static final String EMAIL_SUBJECT = "email_subject";

  /**
   * Creates a document. Integer values become Long, Float ones Double. Throws {@link
   * IllegalArgumentException} if the id or a field's name is blank, or a value is of another type
   * or not finite.
   */
  public Document {
    Texts.require("id", id);
    Objects.requireNonNull(title, "title");
    Objects.requireNonNull(text, "text");
    if (id.isBlank()) {
      throw new IllegalArgumentException("id: expected a name, found '" + id + "'");
    }
    Map<String, Object> plain = new TreeMap<>();
    metadata.forEach((field, value) -> plain.put(named(field), plain(field, value)));
    metadata = Collections.unmodifiableMap(plain);
  }

  /**
   * Creates a document without title or metadata.
   *
   * @param id unique id
   * @param text its whole text
   * @return the document
   */
  public static Document of(String id, String text) {
    return new Document(id, "", text, Map.of());
  }

  private static String named(String field) {
    if (field.isBlank()) {
      throw new IllegalArgumentException(
          "metadata: expected a field's name, found '" + field + "'");
    }
    return field;
  }

  private static Object plain(String field, Object value) {
    if (value instanceof Integer number) {
      return number.longValue();
    }
    if (value instanceof Float number) {
      return plain(field, number.doubleValue());
    }
    boolean known = value instanceof String || value instanceof Boolean || value instanceof Long;
    if (known || (value instanceof Double number && Double.isFinite(number))) {
      return value;
    }
    throw new IllegalArgumentException(
        "metadata: field '%s': expected a String, Boolean, Long or finite Double, found %s"
            .formatted(field, value));
  }
}
