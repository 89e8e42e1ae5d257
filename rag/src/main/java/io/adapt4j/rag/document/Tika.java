package io.adapt4j.rag.document;

import java.util.Set;

/** Detection of Apache Tika on the class path. */
final class Tika {

  private static final String GROUP = "org.apache.tika:";
  private static final String VERSION = ":3.3.1";
  private static final String CORE = GROUP + "tika-core" + VERSION;
  private static final String PARSERS = GROUP + "tika-parsers-standard-package" + VERSION;

  /** A class of each parser module. */
  private static final Set<String> SOME_PARSERS =
      Set.of(
          "org.apache.tika.parser.pdf.PDFParser",
          "org.apache.tika.parser.microsoft.OfficeParser",
          "org.apache.tika.parser.mail.RFC822Parser",
          "org.apache.tika.parser.odf.OpenDocumentParser");

  private Tika() {}

  static Converted convert(String name, String mediaType, byte[] bytes, ReadingLimits limits)
      throws Exception {
    if (!isThere("org.apache.tika.parser.AutoDetectParser")) {
      boolean parsers = SOME_PARSERS.stream().anyMatch(Tika::isThere);
      throw Unreadable.failed(
          "is %s, which is read by Apache Tika, %s"
              .formatted(mediaType, parsers ? "whose core is not there" : "which is not there"),
          "Add " + (parsers ? CORE : CORE + " and " + PARSERS) + " to the class path");
    }
    return TikaConverter.convert(name, mediaType, bytes, limits);
  }

  /** Returns the remedy that names the artifact for a format. */
  static String remedy(String mediaType) {
    return "Add %s%s%s to the class path, or %s for all formats"
        .formatted(GROUP, module(mediaType), VERSION, PARSERS);
  }

  private static String module(String mediaType) {
    if (mediaType.equals(FileType.PDF)) {
      return "tika-parser-pdf-module";
    }
    if (mediaType.equals(FileType.EML)) {
      return "tika-parser-mail-module";
    }
    return mediaType.contains("opendocument") || mediaType.contains("epub")
        ? "tika-parser-miscoffice-module"
        : "tika-parser-microsoft-module";
  }

  private static boolean isThere(String type) {
    // A parser's class cannot be loaded without Tika's core.
    ClassLoader loader = Tika.class.getClassLoader();
    return loader.getResource(type.replace('.', '/') + ".class") != null;
  }
}
