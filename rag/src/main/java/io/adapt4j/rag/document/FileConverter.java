package io.adapt4j.rag.document;

import io.adapt4j.core.internal.UnpairedSurrogates;
import io.adapt4j.rag.internal.document.FileNames;
import io.adapt4j.rag.internal.document.Structure;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/** Converts files to documents. */
final class FileConverter {

  private final ReadingLimits limits;
  private final TextDecoder decoder;

  FileConverter(ReadingLimits limits, Charset fallback) {
    this.limits = limits;
    decoder = new TextDecoder(fallback);
  }

  /** Content of a file, before it is a document. */
  static final class Content {
    private final RawFile file;
    private final FileType type;
    private final byte[] bytes;
    private final Converted converted;

    private Content(RawFile file, FileType type, byte[] bytes, Converted converted) {
      this.file = file;
      this.type = type;
      this.bytes = bytes;
      this.converted = converted;
    }

    RawFile file() {
      return file;
    }

    FileType type() {
      return type;
    }

    byte[] bytes() {
      return bytes;
    }

    Converted converted() {
      return converted;
    }

    Content with(Converted other) {
      return new Content(file, type, bytes, other);
    }
  }

  /** Reads a file. Of pictures, and of pages that are pictures, the text is blank. */
  Content read(RawFile file) throws Exception {
    byte[] bytes = bytes(file);
    if (bytes.length > limits.bytes()) {
      throw tooLarge("has more than " + limits.bytes() + " bytes");
    }
    if (bytes.length == 0) {
      throw Unreadable.skipped("is empty", "Remove it, or leave it out by except()");
    }
    FileType type = FileType.of(file.name(), bytes);
    return new Content(file, type, bytes, convert(file, type, bytes));
  }

  /** Creates the document of a file. */
  static Document document(Content content) throws Unreadable {
    if (content.converted().text().isBlank()) {
      throw content.type().kind() == FileType.Kind.PICTURE
          ? noText(content.bytes())
          : Unreadable.skipped(
              "has no text",
              "If its pages are pictures, read them by readScans(), or recognize their text with an"
                  + " OCR program");
    }
    return document(content.file(), content.type(), content.bytes().length, content.converted());
  }

  private static Unreadable noText(byte[] bytes) {
    return BinaryFormat.of(bytes)
        .map(format -> TextDecoder.noText("is " + format.description()))
        .orElseGet(TextDecoder::noText);
  }

  private byte[] bytes(RawFile file) throws Unreadable {
    try {
      return file.read(limits.bytes());
    } catch (IOException e) {
      throw FolderFiles.unreadable(e);
    }
  }

  private Converted convert(RawFile file, FileType type, byte[] bytes) throws Exception {
    try {
      return switch (type.kind()) {
        case TEXT -> text(file, bytes);
        case HTML -> html(bytes);
        case OFFICE -> Tika.convert(file.name(), type.mediaType(), bytes, limits);
        case PICTURE -> new Converted("", "", Structure.MARKDOWN, Map.of());
        case NONE -> throw noText(bytes);
      };
    } catch (TextSink.TooLong e) {
      throw tooLarge(Objects.requireNonNull(e.getMessage()));
    }
  }

  private Converted text(RawFile file, byte[] bytes) throws Unreadable {
    TextDecoder.Decoded decoded = decoder.decode(bytes, false);
    new TextSink(limits.characters()).require(decoded.text().length());
    Structure structure = Structure.ofExtension(FileNames.extension(file.name()));
    return new Converted(decoded.text(), "", structure, charset(decoded.charset()));
  }

  private Converted html(byte[] bytes) throws Unreadable {
    TextDecoder.Decoded decoded = decoder.decode(bytes, true);
    Converted page = HtmlConverter.convert(decoded.text(), limits.characters());
    return new Converted(page.text(), page.title(), page.structure(), charset(decoded.charset()));
  }

  private static Map<String, Object> charset(Charset charset) {
    return Map.of(Document.CHARSET, charset.name());
  }

  private static Unreadable tooLarge(String reason) {
    return Unreadable.failed(reason, "Raise the limit by limits(), or divide the file");
  }

  private static Document document(RawFile file, FileType type, long size, Converted converted) {
    Map<String, Object> fields = new TreeMap<>();
    fields.put(Document.MEDIA_TYPE, type.mediaType());
    fields.putAll(converted.fields());
    fields.put(Document.FILE_NAME, file.name());
    fields.put(Document.STRUCTURE, converted.structure().fieldValue());
    fields.put(Document.SIZE, size);
    String extension = FileNames.extension(file.name());
    if (!extension.isEmpty()) {
      fields.put(Document.EXTENSION, extension);
    }
    file.modified()
        .ifPresent(time -> fields.put(Document.MODIFIED, time.toInstant().getEpochSecond()));
    fields.replaceAll((field, value) -> value instanceof String text ? storable(text) : value);
    return new Document(
        file.id(), storable(title(file, converted)), storable(converted.text()), fields);
  }

  /**
   * Replaces unpaired surrogates, which models reject, and NUL, which databases reject; PDF files
   * may map glyphs to anything.
   */
  private static String storable(String text) {
    String whole = text.indexOf('\0') < 0 ? text : text.replace('\0', ' ');
    return UnpairedSurrogates.indexIn(whole) < 0
        ? whole
        : new String(whole.getBytes(StandardCharsets.UTF_16BE), StandardCharsets.UTF_16BE);
  }

  private static String title(RawFile file, Converted converted) {
    if (!converted.title().isBlank()) {
      return converted.title();
    }
    String heading =
        converted.structure() == Structure.MARKDOWN ? MarkdownHead.title(converted.text()) : "";
    return heading.isEmpty() ? file.name() : heading;
  }
}
