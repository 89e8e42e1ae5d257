package io.adapt4j.serve.internal.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads a body of the type multipart/form-data (RFC 7578): short texts, and one file, which goes to
 * the disk piece by piece.
 */
public final class Form {

  private static final Pattern BOUNDARY =
      Pattern.compile(
          "(?i)multipart/form-data\\s*;.*?boundary=(?:\"([^\"]{1,70})\"|([^;\\s\"]{1,70})).*");
  private static final Pattern NAME = parameter("name");
  private static final Pattern FILE_NAME = parameter("filename");
  private static final byte[] LINE_END = {'\r', '\n'};
  private static final byte[] HEADERS_END = {'\r', '\n', '\r', '\n'};
  private static final byte[] LAST = {'-', '-'};
  private static final int MOST_PARTS = 32;
  private static final int MOST_HEADERS = 1 << 13;
  private static final int MOST_TEXT = 1 << 16;

  private final String fileField;
  private final byte[] delimiter;
  private final Pieces in;
  private final ObjectNode fields = JsonNodeFactory.instance.objectNode();

  private Form(String fileField, String boundary, Pieces in) {
    this.fileField = fileField;
    this.delimiter = ("\r\n--" + boundary).getBytes(StandardCharsets.ISO_8859_1);
    this.in = in;
  }

  private static Pattern parameter(String name) {
    return Pattern.compile(
        "(?i)content-disposition:\\s*form-data[^\\r\\n]*?;\\s*"
            + name
            + "=(?:\"([^\"\\r\\n]*)\"|([^;\\s\"]+))");
  }

  /**
   * Reads the parts of a body.
   *
   * @param most maximum size of the body in bytes
   */
  public static Parameters read(Call call, String fileField, long most) throws IOException {
    Matcher type = BOUNDARY.matcher(call.header("Content-Type").orElse(""));
    if (!type.matches()
        || !call.header("Content-Encoding").orElse("identity").equalsIgnoreCase("identity")) {
      throw Fault.invalid(
          415,
          null,
          "unsupported_media_type",
          "The body must be an uncompressed form, with the header 'Content-Type:"
              + " multipart/form-data; boundary=...'.");
    }
    call.watchClient();
    InputStream body = call.exchange().getRequestBody();
    String boundary = type.group(1) == null ? type.group(2) : type.group(1);
    Form form = new Form(fileField, boundary, new Pieces(body, most));
    boolean whole = false;
    try {
      form.readParts();
      Body.skip(body);
      whole = true;
      return new Parameters(form.fields);
    } catch (Fault fault) {
      Body.skip(body);
      throw fault;
    } finally {
      if (!whole) {
        delete(form.fields.path(fileField));
      }
    }
  }

  /** Deletes the file of a form, if it has one. */
  public static void delete(JsonNode file) throws IOException {
    if (file.isTextual()) {
      Files.deleteIfExists(Path.of(file.textValue()));
    }
  }

  private void readParts() throws IOException {
    in.copy(delimiter, new Bounded(MOST_TEXT, "the text before the first part"));
    for (int i = 0; i <= MOST_PARTS; i++) {
      byte[] next = in.take(2);
      if (Arrays.equals(next, LAST)) {
        return;
      }
      if (!Arrays.equals(next, LINE_END)) {
        throw malformed("a line end after a boundary");
      }
      readPart();
    }
    throw malformed("at most " + MOST_PARTS + " parts");
  }

  private void readPart() throws IOException {
    Bounded headers = new Bounded(MOST_HEADERS, "the headers of a part");
    in.copy(HEADERS_END, headers);
    String name = found(NAME, headers.text());
    if (name == null) {
      throw malformed("a header 'Content-Disposition: form-data; name=...' in each part");
    }
    boolean isFile = found(FILE_NAME, headers.text()) != null;
    if (isFile != name.equals(fileField)) {
      throw Fault.parameter(name, isFile ? "expected a text, found a file" : "expected a file");
    }
    if (isFile) {
      readFile();
      return;
    }
    Bounded text = new Bounded(MOST_TEXT, name);
    in.copy(delimiter, text);
    put(name, text.text());
  }

  private void readFile() throws IOException {
    if (fields.has(fileField)) {
      throw Fault.parameter(fileField, "expected one file, found several");
    }
    Path file = Files.createTempFile("adapt4j-upload-", ".tmp");
    fields.put(fileField, file.toString());
    try (OutputStream out = Files.newOutputStream(file)) {
      in.copy(delimiter, out);
    }
  }

  private void put(String name, String text) {
    if (name.endsWith("[]")) {
      ArrayNode all = fields.path(name) instanceof ArrayNode known ? known : fields.putArray(name);
      all.add(text);
    } else if (fields.has(name)) {
      throw Fault.parameter(name, "expected once, found several times");
    } else {
      fields.put(name, text);
    }
  }

  private static @Nullable String found(Pattern parameter, String text) {
    Matcher found = parameter.matcher(text);
    if (!found.find()) {
      return null;
    }
    return found.group(1) == null ? found.group(2) : found.group(1);
  }

  private static Fault malformed(String expected) {
    return Fault.invalid(
        400, null, "invalid_form", "The body is not a valid form: expected " + expected + ".");
  }

  /** Bytes up to a limit. */
  private static final class Bounded extends ByteArrayOutputStream {

    private final int most;
    private final String what;

    Bounded(int most, String what) {
      this.most = most;
      this.what = what;
    }

    @Override
    public synchronized void write(byte[] bytes, int offset, int length) {
      if (size() + length > most) {
        throw malformed("at most " + most + " bytes in " + what);
      }
      super.write(bytes, offset, length);
    }

    String text() {
      return toString(StandardCharsets.UTF_8);
    }
  }

  /** A body in pieces, in which delimiters are looked for. */
  private static final class Pieces {

    private final InputStream in;
    private final long most;
    private final byte[] buffer = new byte[1 << 16];
    private int from;
    private int to;
    private long read;

    Pieces(InputStream in, long most) {
      this.in = in;
      this.most = most;
      // The first boundary may stand at the very beginning, without a line end before it.
      System.arraycopy(LINE_END, 0, buffer, 0, LINE_END.length);
      to = LINE_END.length;
    }

    private void fill() throws IOException {
      System.arraycopy(buffer, from, buffer, 0, to - from);
      to -= from;
      from = 0;
      int count = in.read(buffer, to, buffer.length - to);
      if (count < 0) {
        throw malformed("a boundary at the end");
      }
      to += count;
      read += count;
      if (read > most) {
        throw Fault.invalid(
            413,
            null,
            "request_too_large",
            "The body is longer than " + most + " bytes, the limit of this server.");
      }
    }

    byte[] take(int count) throws IOException {
      while (to - from < count) {
        fill();
      }
      from += count;
      return Arrays.copyOfRange(buffer, from - count, from);
    }

    /** Copies the bytes before a delimiter and moves behind it. */
    void copy(byte[] delimiter, OutputStream target) throws IOException {
      while (true) {
        int found = find(delimiter);
        int end = found >= 0 ? found : Math.max(from, to - delimiter.length + 1);
        target.write(buffer, from, end - from);
        from = end;
        if (found >= 0) {
          from += delimiter.length;
          return;
        }
        fill();
      }
    }

    private int find(byte[] delimiter) {
      for (int i = from; i + delimiter.length <= to; i++) {
        if (Arrays.equals(buffer, i, i + delimiter.length, delimiter, 0, delimiter.length)) {
          return i;
        }
      }
      return -1;
    }
  }
}
