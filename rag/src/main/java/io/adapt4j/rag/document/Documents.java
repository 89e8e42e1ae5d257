package io.adapt4j.rag.document;

import io.adapt4j.core.internal.Texts;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;

/**
 * Files as documents: text, Markdown, source code, HTML, and with Apache Tika on the class path
 * PDF, Word, PowerPoint, Excel, OpenDocument, RTF, EPUB and e-mail.
 *
 * <p>The id of a document is the file's path below its folder, with forward slashes. Its title is
 * the one stated in the file, else its first heading, else the file's name. Its metadata holds the
 * known fields of {@link Document} and those given here.
 *
 * <p>HTML and office files become Markdown: headings, lists, tables row by row. Pages and slides
 * are separated by form feeds, which {@link Pages} counts. Other files are read as plain text.
 *
 * <p>Immutable: each option returns a new instance. Each call of {@link #open} reads the files
 * again.
 */
public final class Documents implements DocumentSource {

  private static final Charset FALLBACK = Charset.forName("windows-1252");

  private final Origin origin;
  private final FolderOptions folder;
  private final ReadingLimits limits;
  private final Charset fallback;
  private final Optional<ScanReading.Scans> scans;
  private final Function<String, Map<String, Object>> extras;

  /** Source of the files. */
  @FunctionalInterface
  private interface Origin {
    Iterator<RawFile> files(FolderOptions options, ReportBuilder report);

    default List<String> ids(FolderOptions options) {
      List<String> ids = new ArrayList<>();
      files(options, new ReportBuilder()).forEachRemaining(file -> ids.add(file.id()));
      return List.copyOf(ids);
    }
  }

  private Documents(
      Origin origin,
      FolderOptions folder,
      ReadingLimits limits,
      Charset fallback,
      Optional<ScanReading.Scans> scans,
      Function<String, Map<String, Object>> extras) {
    this.origin = origin;
    this.folder = folder;
    this.limits = limits;
    this.fallback = fallback;
    this.scans = scans;
    this.extras = extras;
  }

  /**
   * Reads all files below a folder, in order of name. Hidden ones (whose name begins with a dot)
   * are ignored; symbolic links are reported as skipped.
   *
   * @param folder the folder
   * @return its documents
   */
  public static Documents in(Path folder) {
    return of((options, report) -> new FolderFiles(folder, options, report));
  }

  /**
   * Reads single files; the id of each is its name.
   *
   * @param files the files
   * @return their documents
   */
  public static Documents files(Path... files) {
    List<Path> all = List.of(files);
    return of((options, report) -> all.stream().map(Documents::raw).iterator());
  }

  /**
   * Reads bytes as a file.
   *
   * @param name the file's name, which becomes the id; its extension determines the format
   * @param bytes the content; not copied
   * @return one document
   */
  public static Documents bytes(String name, byte[] bytes) {
    RawFile file = new RawFile(name, Optional.empty(), () -> new ByteArrayInputStream(bytes));
    return of((options, report) -> List.of(file).iterator());
  }

  /**
   * Reads a stream as a file. It can be opened only once, and is then read and closed.
   *
   * @param name the file's name, which becomes the id; its extension determines the format
   * @param stream the content
   * @return one document
   */
  public static Documents stream(String name, InputStream stream) {
    Objects.requireNonNull(stream, "stream");
    AtomicBoolean used = new AtomicBoolean();
    RawFile file = new RawFile(name, Optional.empty(), () -> stream);
    return of(
        new Origin() {
          @Override
          public Iterator<RawFile> files(FolderOptions options, ReportBuilder report) {
            if (used.getAndSet(true)) {
              throw new IllegalStateException(
                  name + ": this stream was read already. Open it again, or use bytes().");
            }
            return List.of(file).iterator();
          }

          @Override
          public List<String> ids(FolderOptions options) {
            return List.of(name);
          }
        });
  }

  /**
   * Returns a source of documents in memory.
   *
   * @param documents the documents
   * @return a source of them
   */
  public static DocumentSource of(List<Document> documents) {
    Texts.requireAll("documents", documents);
    List<Document> all = List.copyOf(documents);
    return () -> new ListReading(all.iterator());
  }

  private static Documents of(Origin origin) {
    return new Documents(
        origin,
        FolderOptions.standard(),
        ReadingLimits.standard(),
        FALLBACK,
        Optional.empty(),
        id -> Map.of());
  }

  /**
   * Includes only files of the folder whose id matches one of these or earlier patterns: {@code
   * "**.md"} all Markdown files, {@code "*.md"} those at the top, {@code "guides/**"} a folder.
   *
   * @param globs patterns of {@link java.nio.file.FileSystem#getPathMatcher}
   * @return new documents
   * @throws java.util.regex.PatternSyntaxException if one is not a pattern
   */
  public Documents only(String... globs) {
    return new Documents(origin, folder.withFiles(globs), limits, fallback, scans, extras);
  }

  /**
   * Excludes files of the folder whose id matches a pattern.
   *
   * @return new documents
   * @throws java.util.regex.PatternSyntaxException if one is not a pattern
   */
  public Documents except(String... globs) {
    return new Documents(origin, folder.withExcept(globs), limits, fallback, scans, extras);
  }

  /**
   * Includes hidden files and folders.
   *
   * @return new documents
   */
  public Documents includeHidden() {
    return new Documents(origin, folder.withHidden(), limits, fallback, scans, extras);
  }

  /**
   * Follows symbolic links, even out of the folder. A link to a folder that contains it is skipped.
   *
   * @return new documents
   */
  public Documents followLinks() {
    return new Documents(origin, folder.withLinks(), limits, fallback, scans, extras);
  }

  /**
   * Sets the limits for a single file.
   *
   * @param most the limits; {@link ReadingLimits#standard} by default
   * @return new documents
   */
  public Documents limits(ReadingLimits most) {
    return new Documents(
        origin, folder, Objects.requireNonNull(most, "most"), fallback, scans, extras);
  }

  /**
   * Sets the character set of text files that are neither UTF-8 nor marked.
   *
   * @param charset the character set; windows-1252 by default
   * @return new documents
   */
  public Documents fallbackCharset(Charset charset) {
    return new Documents(
        origin, folder, limits, Objects.requireNonNull(charset, "charset"), scans, extras);
  }

  /**
   * Reads pictures of pages too, within {@link ScanOptions#standard}: PNG, JPEG and TIFF files, and
   * pages of PDF files that have no text. PNG and JPEG files need {@code adapt4j-vision} on the
   * class path. Pages that cannot be read are reported by their numbers, and the rest is kept. Each
   * {@link #open} reads all of them again.
   *
   * @param reader reads the pictures, such as a {@link VisionPageReader}
   * @return new documents
   */
  public Documents readScans(PageReader reader) {
    return readScans(reader, ScanOptions.standard());
  }

  /**
   * Reads pictures of pages too, otherwise as {@link #readScans(PageReader)}.
   *
   * @param options which pages, and limits
   * @return new documents
   */
  public Documents readScans(PageReader reader, ScanOptions options) {
    Objects.requireNonNull(reader, "reader");
    Objects.requireNonNull(options, "options");
    Optional<ScanReading.Scans> read = Optional.of(new ScanReading.Scans(reader, options));
    return new Documents(origin, folder, limits, fallback, read, extras);
  }

  /**
   * Adds a field to every document's metadata.
   *
   * @param field its name
   * @param value String, Boolean, Long or Double
   * @return new documents
   */
  public Documents metadata(String field, Object value) {
    return metadata(id -> Map.of(field, value));
  }

  /**
   * Adds fields to each document's metadata, replacing fields of the same name.
   *
   * @param fields gives the fields for an id
   * @return new documents
   */
  public Documents metadata(Function<String, Map<String, Object>> fields) {
    return new Documents(origin, folder, limits, fallback, scans, id -> joined(id, fields));
  }

  /**
   * Lists the files that {@link #open} would read, without reading them. Some may give no document.
   *
   * @return their ids, in order
   * @throws java.io.UncheckedIOException if there is no such folder
   */
  public List<String> ids() {
    return origin.ids(folder);
  }

  @Override
  public DocumentReading open() {
    ReportBuilder report = new ReportBuilder();
    return new FileReading(
        origin.files(folder, report),
        report,
        new FileConverter(limits, fallback),
        limits,
        scans,
        this::withExtras);
  }

  private Map<String, Object> joined(String id, Function<String, Map<String, Object>> fields) {
    Map<String, Object> joined = new TreeMap<>(extras.apply(id));
    joined.putAll(fields.apply(id));
    return joined;
  }

  private Document withExtras(Document document) {
    Map<String, Object> fields = new TreeMap<>(document.metadata());
    fields.putAll(extras.apply(document.id()));
    return new Document(document.id(), document.title(), document.text(), fields);
  }

  private static RawFile raw(Path file) {
    return new RawFile(
        file.getFileName().toString(), modified(file), () -> Files.newInputStream(file));
  }

  private static Optional<FileTime> modified(Path file) {
    try {
      return Optional.of(Files.getLastModifiedTime(file));
    } catch (IOException e) {
      // Opening it reports the problem.
      return Optional.empty();
    }
  }
}
