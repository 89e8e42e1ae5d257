package io.adapt4j.core.data;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
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
import java.util.Arrays;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import org.jspecify.annotations.Nullable;

/**
 * Makes files readable as UTF-8: files that are compressed, of a foreign format or in another
 * encoding are converted to a temporary file, since they do not allow random access.
 */
final class Decompression {

  private static final int LONGEST_MARK = 4;
  private static final byte[] PARQUET = {'P', 'A', 'R', '1'};

  private Decompression() {}

  /**
   * Opens a file.
   *
   * @param encoding the encoding; null for that of the byte order mark, else UTF-8
   */
  static SourceFile open(Path file, @Nullable Charset encoding) throws IOException {
    byte[] first = first(file);
    Optional<JsonLinesConverter> converter = converter(file, first);
    if (converter.isPresent()) {
      return converted(file, converter.get());
    }
    ForeignFile.refuse(file);
    boolean compressed = first.length > 1 && first[0] == 0x1f && first[1] == (byte) 0x8b;
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

  private static byte[] first(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return in.readNBytes(JsonLinesConverter.FIRST_BYTES);
    }
  }

  private static Optional<JsonLinesConverter> converter(Path file, byte[] first) {
    for (JsonLinesConverter converter : ServiceLoader.load(JsonLinesConverter.class)) {
      if (converter.reads(first)) {
        return Optional.of(converter);
      }
    }
    if (Arrays.equals(first, PARQUET)) {
      throw new DatasetException(
          file + ": is a Parquet file. Add the module adapt4j-parquet, or convert it.");
    }
    return Optional.empty();
  }

  private static SourceFile converted(Path file, JsonLinesConverter converter) throws IOException {
    Path copy = Files.createTempFile("adapt4j-", ".jsonl");
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(copy))) {
      converter.convert(file, out);
    } catch (Error e) {
      Files.deleteIfExists(copy);
      throw e;
    } catch (IOException | RuntimeException e) {
      Files.deleteIfExists(copy);
      throw new DatasetException(
          String.format(
              "%s: expected %s, as its first bytes say, but reading failed: %s. Check the file.",
              file, converter.format(), e),
          e);
    }
    return SourceFile.ofCopy(file, copy).ofJsonLines();
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

  /** A byte order mark: its encoding and its length in bytes. */
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
