package io.adapt4j.rag.document;

/** Names of the metadata that reading gives a document. Each is there only where it is known. */
public final class DocumentFields {

  /** String: the file's name without its folder. */
  public static final String FILE_NAME = "file_name";

  /** String: the file's extension in lower case, without the dot. */
  public static final String EXTENSION = "extension";

  /** String: the media type, such as {@code application/pdf}. */
  public static final String MEDIA_TYPE = "media_type";

  /** String: how the text is built, the name of a {@link Structure} in lower case. */
  public static final String STRUCTURE = "structure";

  /** Long: the file's size in bytes. */
  public static final String SIZE = "size";

  /**
   * Long: when the file was last changed, in seconds since 1970-01-01 UTC. It is no part of what
   * tells whether a document has changed: in an index that is synchronised it is the time that the
   * file had when its present content was added.
   */
  public static final String MODIFIED = "modified";

  /** String: the character set of a text file. */
  public static final String CHARSET = "charset";

  /** String: the author or authors. */
  public static final String AUTHOR = "author";

  /** String: when the document was written, by its own account, in ISO 8601. */
  public static final String CREATED = "created";

  /** Long: the number of pages or slides. */
  public static final String PAGE_COUNT = "page_count";

  /** String: the sender of an e-mail. */
  public static final String EMAIL_FROM = "email_from";

  /** String: the receivers of an e-mail, joined by commas. */
  public static final String EMAIL_TO = "email_to";

  /** String: the subject of an e-mail. */
  public static final String EMAIL_SUBJECT = "email_subject";

  private DocumentFields() {}
}
