package io.adapt4j.rag.document;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;

/**
 * Rejects files with excessively large decompressed parts before a parser allocates memory for
 * them: entries of ZIP files (DOCX, XLSX, EPUB), and deflated streams of PDF files. Nested or other
 * compression is left to the limits of time and text.
 */
final class ZipBombGuard {

  private static final int MOST_ENTRIES = 20_000;

  private final byte[] buffer = new byte[1 << 16];
  private final long most;
  private long inflated;

  private ZipBombGuard(long most) {
    this.most = most;
  }

  static void check(byte[] bytes, long most) throws Unreadable {
    ZipBombGuard inflation = new ZipBombGuard(most);
    if (FileType.isZip(bytes)) {
      inflation.checkZip(bytes);
    } else if (FileType.isPdf(bytes)) {
      inflation.checkPdf(bytes);
    }
  }

  private void checkZip(byte[] bytes) throws Unreadable {
    try (ZipInputStream zip = new ZipInputStream(new ByteArrayInputStream(bytes))) {
      int entries = 0;
      for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
        if (++entries > MOST_ENTRIES) {
          throw bomb("has more than " + MOST_ENTRIES + " files inside");
        }
        for (int read = zip.read(buffer); read >= 0; read = zip.read(buffer)) {
          add(read);
        }
      }
    } catch (IOException | IllegalArgumentException e) {
      // Damaged, or of a kind that only parsers know: they report the problem.
      return;
    }
  }

  private void checkPdf(byte[] bytes) throws Unreadable {
    Inflater inflater = new Inflater();
    try {
      for (int at = next(bytes, 0); at >= 0; at = next(bytes, at)) {
        if (at < bytes.length && (bytes[at] & 0x0F) == 8) {
          inflater.reset();
          inflater.setInput(bytes, at, bytes.length - at);
          inflate(inflater);
        }
      }
    } finally {
      inflater.end();
    }
  }

  private void inflate(Inflater inflater) throws Unreadable {
    try {
      for (int read = inflater.inflate(buffer); read > 0; read = inflater.inflate(buffer)) {
        add(read);
      }
    } catch (DataFormatException e) {
      // Not deflated after all.
      return;
    }
  }

  /** Returns the position after the next word "stream" and its line break; -1 if there is none. */
  private static int next(byte[] bytes, int from) {
    for (int i = from; i + 8 < bytes.length; i++) {
      boolean word =
          bytes[i] == 's'
              && bytes[i + 1] == 't'
              && bytes[i + 2] == 'r'
              && bytes[i + 3] == 'e'
              && bytes[i + 4] == 'a'
              && bytes[i + 5] == 'm';
      if (word && bytes[i + 6] == '\n') {
        return i + 7;
      }
      if (word && bytes[i + 6] == '\r') {
        return bytes[i + 7] == '\n' ? i + 8 : i + 7;
      }
    }
    return -1;
  }

  private void add(long bytes) throws Unreadable {
    inflated += bytes;
    if (inflated > most) {
      throw bomb("holds more than " + most + " bytes once it is decompressed");
    }
  }

  private static Unreadable bomb(String reason) {
    return Unreadable.failed(reason, "Raise the limit by limits() if the file can be trusted");
  }
}
