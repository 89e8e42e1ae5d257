package io.adapt4j.rag.document;

/** Whether Apache Tika is on the class path. */
final class Tika {

  static final String ARTIFACT = "org.apache.tika:tika-parsers-standard-package:3.3.1";
  static final String REMEDY = "Add " + ARTIFACT + " to the class path";

  private Tika() {}

  static Converted convert(String name, String mediaType, byte[] bytes, ReadingLimits limits)
      throws Exception {
    if (!isThere()) {
      throw Unreadable.failed(
          "is " + mediaType + ", which is read by Apache Tika, which is not there", REMEDY);
    }
    return TikaConverter.convert(name, mediaType, bytes, limits);
  }

  private static boolean isThere() {
    try {
      Class.forName("org.apache.tika.parser.AutoDetectParser", false, Tika.class.getClassLoader());
      return true;
    } catch (ClassNotFoundException e) {
      return false;
    }
  }
}
