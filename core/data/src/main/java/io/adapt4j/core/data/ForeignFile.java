package io.adapt4j.core.data;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;

/** Detects common binary files by their first bytes and suggests a remedy. */
final class ForeignFile {

  /**
   * A kind of file.
   *
   * @param start its first bytes, in hexadecimal
   */
  private record Kind(String start, String is, String remedy) {}

  private static final String AS_CSV = "Save it as CSV (in UTF-8) and name that file.";
  private static final String UNPACK = "Unpack it and name the file inside.";
  private static final String EXPORT = "Export the rows as JSON Lines or CSV and name that file.";

  private static final List<Kind> KINDS =
      List.of(
          new Kind("504b0304", "a zip archive", UNPACK),
          new Kind("504b0506", "an empty zip archive", UNPACK),
          new Kind("d0cf11e0a1b11ae1", "a file of an old Office version (xls or doc)", AS_CSV),
          new Kind("25504446", "a PDF", "Save its text as a text file and name that."),
          new Kind("28b52ffd", "compressed with Zstandard", UNPACK),
          new Kind("425a68", "compressed with bzip2", UNPACK),
          new Kind("fd377a585a00", "compressed with xz", UNPACK),
          new Kind("377abcaf271c", "a 7z archive", UNPACK),
          new Kind("53514c69746520666f726d6174", "an SQLite database", EXPORT),
          new Kind("4152524f5731", "an Arrow file", EXPORT),
          new Kind("4f626a01", "an Avro file", EXPORT),
          new Kind("894844460d0a1a0a", "an HDF5 file", EXPORT),
          new Kind("7f454c46", "a program", "Name a file of data."));

  private static final int FIRST_BYTES = 1 << 12;

  private ForeignFile() {}

  /** Rejects a file that cannot contain rows as text. */
  static void refuse(Path file) throws IOException {
    byte[] first;
    try (InputStream in = Files.newInputStream(file)) {
      first = in.readNBytes(FIRST_BYTES);
    }
    String hex = HexFormat.of().formatHex(first, 0, Math.min(first.length, 32));
    for (Kind kind : KINDS) {
      if (hex.startsWith(kind.start())) {
        throw refused(file, kind, first);
      }
    }
  }

  private static DatasetException refused(Path file, Kind kind, byte[] first) {
    String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
    String inside = new String(first, StandardCharsets.ISO_8859_1);
    boolean zip = kind.start().startsWith("504b");
    if (zip && (name.matches(".*\\.xls[xmb]") || inside.contains("xl/"))) {
      return refused(file, "an Excel workbook", AS_CSV);
    }
    if (zip && (name.endsWith(".ods") || inside.contains("opendocument.spreadsheet"))) {
      return refused(file, "an OpenDocument spreadsheet", AS_CSV);
    }
    if (zip && (name.endsWith(".docx") || name.endsWith(".odt") || inside.contains("word/"))) {
      return refused(file, "a text document", "Save it as plain text and name that file.");
    }
    return refused(file, kind.is(), kind.remedy());
  }

  private static DatasetException refused(Path file, String is, String remedy) {
    return new DatasetException(
        file + ": expected text such as CSV or JSON Lines, found " + is + ". " + remedy);
  }
}
