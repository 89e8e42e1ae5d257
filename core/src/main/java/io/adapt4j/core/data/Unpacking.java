package io.adapt4j.core.data;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.Reader;
import java.io.Writer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * Makes files readable as UTF-8: what is compressed or in another encoding is written out to a
 * temporary file, since neither can be entered in the middle.
 */
final class Unpacking {

  private static final int LONGEST_MARK = 4;

  private Unpacking() {}

  /**
   * Opens a file.
   *
   * @param encoding the encoding, or null for what the byte order mark says, else UTF-8
   */
  static SourceFile open(Path file, Charset encoding) throws IOException {
    boolean compressed = isCompressed(file);
    Mark mark;
    try (InputStream in = stream(file, compressed)) {
      mark = Mark.of(in.readNBytes(LONGEST_MARK));
    } catch (ZipException | EOFException e) {
      throw damaged(file, e);
    }
    Charset charset = encoding != null ? encoding : mark.charset();
    boolean utf8 = charset.equals(StandardCharsets.UTF_8);
    int start = charset.equals(mark.charset()) ? mark.length() : 0;
    if (utf8 && !compressed) {
      return SourceFile.of(file, start);
    }
    Path copy = Files.createTempFile("adapt4j-", ".data");
    try (InputStream in = stream(file, compressed);
        OutputStream out = Files.newOutputStream(copy)) {
      in.skipNBytes(start);
      if (utf8) {
        in.transferTo(out);
      } else {
        transcode(in, charset, out);
      }
    } catch (IOException | RuntimeException e) {
      Files.deleteIfExists(copy);
      throw translated(file, charset, e);
    }
    return SourceFile.ofCopy(file, copy);
  }

  private static boolean isCompressed(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] first = in.readNBytes(2);
      return first.length == 2 && first[0] == 0x1f && first[1] == (byte) 0x8b;
    }
  }

  private static InputStream stream(Path file, boolean compressed) throws IOException {
    InputStream in = new BufferedInputStream(Files.newInputStream(file), 1 << 16);
    if (!compressed) {
      return in;
    }
    try {
      return new GZIPInputStream(in, 1 << 16);
    } catch (IOException e) {
      in.close();
      throw e;
    }
  }

  private static void transcode(InputStream in, Charset charset, OutputStream out)
      throws IOException {
    Reader reader =
        new InputStreamReader(
            in,
            charset
                .newDecoder()
                .onMalformedInput(CodingErrorAction.REPORT)
                .onUnmappableCharacter(CodingErrorAction.REPORT));
    Writer writer = new OutputStreamWriter(out, StandardCharsets.UTF_8.newEncoder());
    reader.transferTo(writer);
    writer.flush();
  }

  private static RuntimeException translated(Path file, Charset charset, Exception e)
      throws IOException {
    if (e instanceof CharacterCodingException) {
      return new DatasetException(
          file + ": expected " + charset + ", found other bytes. State the file's encoding.", e);
    }
    if (e instanceof ZipException || e instanceof EOFException) {
      return damaged(file, (IOException) e);
    }
    if (e instanceof IOException failure) {
      throw failure;
    }
    return (RuntimeException) e;
  }

  private static DatasetException damaged(Path file, IOException e) {
    return new DatasetException(
        file
            + ": expected gzip, as its first bytes say, found damaged data: "
            + e.getMessage()
            + ". Copy or compress the file again.",
        e);
  }

  /** A byte order mark: the encoding it stands for and its bytes. */
  private record Mark(Charset charset, int length) {

    static Mark of(byte[] first) {
      if (begins(first, 0xEF, 0xBB, 0xBF)) {
        return new Mark(StandardCharsets.UTF_8, 3);
      }
      if (begins(first, 0xFF, 0xFE, 0, 0)) {
        return new Mark(Charset.forName("UTF-32LE"), 4);
      }
      if (begins(first, 0, 0, 0xFE, 0xFF)) {
        return new Mark(Charset.forName("UTF-32BE"), 4);
      }
      if (begins(first, 0xFF, 0xFE)) {
        return new Mark(StandardCharsets.UTF_16LE, 2);
      }
      if (begins(first, 0xFE, 0xFF)) {
        return new Mark(StandardCharsets.UTF_16BE, 2);
      }
      return new Mark(StandardCharsets.UTF_8, 0);
    }

    private static boolean begins(byte[] bytes, int... mark) {
      boolean begins = bytes.length >= mark.length;
      for (int i = 0; begins && i < mark.length; i++) {
        begins = bytes[i] == (byte) mark[i];
      }
      return begins;
    }
  }
}
