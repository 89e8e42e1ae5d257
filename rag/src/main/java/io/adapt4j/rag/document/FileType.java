package io.adapt4j.rag.document;

import io.adapt4j.rag.internal.document.FileNames;
import io.adapt4j.rag.internal.document.Structure;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Type of a file, detected by its first bytes or else by its name. */
record FileType(Kind kind, String mediaType) {

  /** Way of reading a file. */
  enum Kind {
    /** As plain text. */
    TEXT,
    /** By jsoup. */
    HTML,
    /** By Apache Tika. */
    OFFICE,
    /** By a reader of pages, if there is one. */
    PICTURE,
    /** Not at all. */
    NONE
  }

  private static final String OOXML = "application/vnd.openxmlformats-officedocument.";
  private static final String ODF = "application/vnd.oasis.opendocument.";

  static final String PDF = "application/pdf";
  static final String TIFF = "image/tiff";
  static final String EML = "message/rfc822";
  static final String MSG = "application/vnd.ms-outlook";
  static final String ODS = ODF + "spreadsheet";

  private static final String XLS = "application/vnd.ms-excel";
  private static final String XLSX = OOXML + "spreadsheetml.sheet";

  private static final Map<String, String> OFFICE =
      Map.ofEntries(
          Map.entry("pdf", PDF),
          Map.entry("doc", "application/msword"),
          Map.entry("docx", OOXML + "wordprocessingml.document"),
          Map.entry("ppt", "application/vnd.ms-powerpoint"),
          Map.entry("pptx", OOXML + "presentationml.presentation"),
          Map.entry("xls", XLS),
          Map.entry("xlsx", XLSX),
          Map.entry("odt", ODF + "text"),
          Map.entry("odp", ODF + "presentation"),
          Map.entry("ods", ODS),
          Map.entry("rtf", "application/rtf"),
          Map.entry("epub", "application/epub+zip"),
          Map.entry("eml", EML),
          Map.entry("msg", MSG));

  private static final Set<String> HTML_EXTENSIONS = Set.of("html", "htm", "xhtml");

  private static final FileType UNKNOWN = new FileType(Kind.NONE, "application/octet-stream");

  /** Returns whether Tika may read a media type, also within other documents. */
  static boolean isOffice(String mediaType) {
    return OFFICE.containsValue(mediaType);
  }

  static boolean isSheets(String mediaType) {
    return Set.of(XLS, XLSX, ODS).contains(mediaType);
  }

  static FileType of(String name, byte[] bytes) {
    String extension = FileNames.extension(name);
    if (isPdf(bytes)) {
      return new FileType(Kind.OFFICE, PDF);
    }
    if (OFFICE.containsKey(extension)) {
      return new FileType(Kind.OFFICE, OFFICE.get(extension));
    }
    Optional<BinaryFormat> binary = BinaryFormat.of(bytes);
    if (isZip(bytes) || binary.isPresent()) {
      return binary
          .map(BinaryFormat::pictureType)
          .filter(type -> !type.isEmpty())
          .map(type -> new FileType(Kind.PICTURE, type))
          .orElse(UNKNOWN);
    }
    return HTML_EXTENSIONS.contains(extension) || (extension.isEmpty() && looksLikeHtml(bytes))
        ? new FileType(Kind.HTML, "text/html")
        : text(extension);
  }

  static boolean isPdf(byte[] bytes) {
    return beginsWith(bytes, "%PDF-");
  }

  static boolean isZip(byte[] bytes) {
    return beginsWith(bytes, "PK\u0003\u0004");
  }

  private static FileType text(String extension) {
    Structure structure = Structure.ofExtension(extension);
    return new FileType(
        Kind.TEXT, structure == Structure.MARKDOWN ? "text/markdown" : "text/plain");
  }

  private static boolean beginsWith(byte[] bytes, String magic) {
    return bytes.length >= magic.length()
        && new String(bytes, 0, magic.length(), StandardCharsets.ISO_8859_1).equals(magic);
  }

  private static boolean looksLikeHtml(byte[] bytes) {
    String head =
        new String(bytes, 0, Math.min(bytes.length, 256), StandardCharsets.ISO_8859_1)
            .stripLeading()
            .toLowerCase(Locale.ROOT);
    return head.startsWith("<!doctype html") || head.startsWith("<html");
  }
}
