package io.adapt4j.rag.document;

import io.adapt4j.rag.internal.document.Structure;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.tika.exception.EncryptedDocumentException;
import org.apache.tika.exception.TikaException;
import org.apache.tika.extractor.EmbeddedDocumentExtractor;
import org.apache.tika.io.TikaInputStream;
import org.apache.tika.metadata.Message;
import org.apache.tika.metadata.Metadata;
import org.apache.tika.metadata.PagedText;
import org.apache.tika.metadata.TikaCoreProperties;
import org.apache.tika.parser.AutoDetectParser;
import org.apache.tika.parser.ParseContext;
import org.apache.tika.parser.Parser;
import org.jspecify.annotations.Nullable;
import org.xml.sax.SAXException;

/** Converts PDF, office files and e-mail with Apache Tika. */
final class TikaConverter {

  /** End marker of a PDF file, searched within {@link #PDF_TAIL} bytes of the end as viewers do. */
  private static final String PDF_END = "%%EOF";

  private static final int PDF_TAIL = 1024;

  /** Signature of a ZIP file's last record, which is at most {@link #ZIP_TAIL} bytes long. */
  private static final String ZIP_END = "PK\u0005\u0006";

  private static final int ZIP_TAIL = 65_557;

  private TikaConverter() {}

  /** Lazily created singleton, since it scans the whole class path for parsers. */
  private static final class Shared {
    private static final AutoDetectParser PARSER = new AutoDetectParser();
  }

  static Converted convert(String name, String mediaType, byte[] bytes, ReadingLimits limits)
      throws Exception {
    ZipBombGuard.check(bytes, limits.inflatedBytes());
    requireEnd(bytes);
    TextSink sink = new TextSink(limits.characters());
    Metadata metadata = new Metadata();
    metadata.set(TikaCoreProperties.RESOURCE_NAME_KEY, name);
    String found = detect(bytes, metadata);
    ParseContext context = context(limits, found);
    requireParser(found, mediaType, context);
    boolean keepLines = !found.contains("officedocument");
    TikaText text = new TikaText(new MarkdownWriter(sink, keepLines), found.equals(FileType.ODS));
    try (TikaInputStream stream = TikaInputStream.get(bytes)) {
      Shared.PARSER.parse(stream, text, metadata, context);
    } catch (EncryptedDocumentException e) {
      throw encrypted(e);
    } catch (TikaException | SAXException | RuntimeException e) {
      throw failure(e);
    }
    text.finish();
    return new Converted(
        sink.text(), title(metadata, found), structure(found), fields(metadata, found, sink));
  }

  private static Structure structure(String mediaType) {
    return mediaType.equals(FileType.PDF) ? Structure.TEXT : Structure.MARKDOWN;
  }

  private static ParseContext context(ReadingLimits limits, String mediaType) {
    ParseContext context = new ParseContext();
    context.set(Parser.class, Shared.PARSER);
    context.set(EmbeddedDocumentExtractor.class, new Attachments(context, limits));
    TikaOptions.set(context, mediaType);
    return context;
  }

  private static String detect(byte[] bytes, Metadata metadata) throws IOException {
    try (TikaInputStream stream = TikaInputStream.get(bytes)) {
      return Shared.PARSER.getDetector().detect(stream, metadata).getBaseType().toString();
    }
  }

  private static void requireParser(String found, String expected, ParseContext context)
      throws Unreadable {
    if (found.equals("application/x-tika-ooxml-protected")) {
      throw encrypted(null);
    }
    Set<String> readable =
        Shared.PARSER.getSupportedTypes(context).stream()
            .map(type -> type.getBaseType().toString())
            .collect(Collectors.toSet());
    if (!readable.contains(expected)) {
      // Without its parser, a format's content is often not recognized either.
      throw noParser(expected);
    }
    if (!FileType.isOffice(found)) {
      throw Unreadable.failed(
          "is " + found + " by its content, where its name says " + expected,
          "Name it by its format; if it was cut off, copy it again");
    }
    if (!readable.contains(found)) {
      throw noParser(found);
    }
  }

  private static Unreadable noParser(String mediaType) {
    return Unreadable.failed(
        "is " + mediaType + ", for which Apache Tika finds no parser", Tika.remedy(mediaType));
  }

  /**
   * Rejects truncated files: parsers repair them and return partial text as if it were complete.
   */
  private static void requireEnd(byte[] bytes) throws Unreadable {
    boolean whole =
        FileType.isPdf(bytes)
            ? tail(bytes, PDF_TAIL).contains(PDF_END)
            : !FileType.isZip(bytes) || tail(bytes, ZIP_TAIL).contains(ZIP_END);
    if (!whole) {
      throw Unreadable.failed("was cut off before its end", "Copy or download it again");
    }
  }

  private static String tail(byte[] bytes, int most) {
    int from = Math.max(0, bytes.length - most);
    return new String(bytes, from, bytes.length - from, StandardCharsets.ISO_8859_1);
  }

  private static Unreadable encrypted(@Nullable Throwable cause) {
    Unreadable encrypted =
        Unreadable.failed("is protected by a password", "Save it without the password");
    encrypted.initCause(cause);
    return encrypted;
  }

  private static Exception failure(Exception thrown) {
    for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
      if (cause instanceof TextSink.TooLong tooLong) {
        return tooLong;
      }
      if (cause instanceof EncryptedDocumentException) {
        return encrypted(cause);
      }
    }
    return thrown;
  }

  private static String title(Metadata metadata, String mediaType) {
    String subject = isMail(mediaType) ? metadata.get(TikaCoreProperties.SUBJECT) : null;
    String title = subject == null ? metadata.get(TikaCoreProperties.TITLE) : subject;
    return title == null ? "" : title.strip();
  }

  private static boolean isMail(String mediaType) {
    return mediaType.equals(FileType.EML) || mediaType.equals(FileType.MSG);
  }

  private static Map<String, Object> fields(Metadata metadata, String mediaType, TextSink sink) {
    Map<String, Object> fields = new TreeMap<>();
    fields.put(Document.MEDIA_TYPE, mediaType);
    put(fields, Document.AUTHOR, metadata.getValues(TikaCoreProperties.CREATOR));
    put(fields, Document.CREATED, metadata.get(TikaCoreProperties.CREATED));
    Integer pages = metadata.getInt(PagedText.N_PAGES);
    if (pages != null || sink.pages() > 1) {
      fields.put(Document.PAGE_COUNT, pages == null ? sink.pages() : (long) pages);
    }
    if (isMail(mediaType)) {
      put(fields, Document.EMAIL_FROM, metadata.getValues(Message.MESSAGE_FROM));
      put(fields, Document.EMAIL_TO, metadata.getValues(Message.MESSAGE_TO));
      put(fields, Document.EMAIL_SUBJECT, title(metadata, mediaType));
    }
    return fields;
  }

  private static void put(Map<String, Object> fields, String field, String... values) {
    String value =
        Arrays.stream(values).filter(Objects::nonNull).collect(Collectors.joining(", ")).strip();
    if (!value.isEmpty()) {
      fields.put(field, value);
    }
  }
}
