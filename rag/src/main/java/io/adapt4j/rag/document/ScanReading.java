package io.adapt4j.rag.document;

import io.adapt4j.rag.internal.document.Structure;
import io.adapt4j.rag.internal.scan.PageSource;
import io.adapt4j.rag.internal.scan.PdfSource;
import io.adapt4j.rag.internal.scan.PictureSource;
import io.adapt4j.rag.internal.scan.TiffSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;

/** Reading of a file's pages from their pictures, in calls of limited time. */
final class ScanReading {

  private final PageReader reader;
  private final ScanOptions options;
  private final ReadingLimits limits;
  private final TimedCalls calls;
  private final Consumer<Unreadable> problems;

  private final StringBuilder text = new StringBuilder();
  private final List<PageBox> boxes = new ArrayList<>();
  private int failed;

  /**
   * Creates the reading of a file.
   *
   * @param problems receives the problems of single pages
   */
  ScanReading(Scans scans, ReadingLimits limits, TimedCalls calls, Consumer<Unreadable> problems) {
    this.reader = scans.reader();
    this.options = scans.options();
    this.limits = limits;
    this.calls = calls;
    this.problems = problems;
  }

  /** The reader of pages and its options. */
  record Scans(PageReader reader, ScanOptions options) {}

  /** Returns the content with the pages read, or as it was if no page needed it. */
  FileConverter.Content read(FileConverter.Content content)
      throws Unreadable, InterruptedException {
    boolean pdf = content.type().mediaType().equals(FileType.PDF);
    if (!pdf && content.type().kind() != FileType.Kind.PICTURE) {
      return content;
    }
    Converted converted = content.converted();
    String[] pages = converted.text().split("\f", -1);
    if (pdf && !options.always() && all(pages, false)) {
      return content;
    }
    boolean scan = options.always() || all(pages, true);
    PageSource source = source(content);
    int count = calls.call(source::count, limits.time());
    int read = 0;
    for (int i = 0; i < Math.max(count, pages.length); i++) {
      if (i > 0) {
        text.append("\n\n\f");
      }
      String page = i < pages.length ? pages[i] : "";
      if (i >= count || (pdf && !options.always() && !page.isBlank())) {
        text.append(i > 0 ? "\n\n" : "").append(page.strip());
      } else if (read++ < options.pages()) {
        read(source, i);
      }
    }
    if (read > options.pages()) {
      failed++;
      problems.accept(
          Unreadable.failed(
              "has %s pages to read from pictures, of which the first %s were read"
                  .formatted(read, options.pages()),
              "Raise the limit by ScanOptions, or divide the file"));
    }
    boolean blank = text.toString().isBlank();
    Map<String, Object> fields = new TreeMap<>(converted.fields());
    if (!boxes.isEmpty()) {
      fields.put(Document.BOXES, PageBoxes.write(boxes));
    }
    if (!pdf && count > 1) {
      fields.put(Document.PAGE_COUNT, (long) count);
    }
    Structure structure = scan ? Structure.MARKDOWN : converted.structure();
    return content.with(
        new Converted(
            blank ? "" : text.append('\n').toString(), converted.title(), structure, fields));
  }

  /** Returns whether problems were reported, which explain a text that is missing. */
  boolean hasFailed() {
    return failed > 0;
  }

  private static boolean all(String[] pages, boolean blank) {
    return List.of(pages).stream().allMatch(page -> page.isBlank() == blank);
  }

  private static PageSource source(FileConverter.Content content) throws Unreadable {
    byte[] bytes = content.bytes();
    try {
      return switch (content.type().mediaType()) {
        case FileType.PDF -> new PdfSource(bytes);
        case FileType.TIFF -> new TiffSource(bytes);
        default -> PictureSource.of(content.file().id(), bytes);
      };
    } catch (NoClassDefFoundError e) {
      throw Unreadable.failed(
          "is a picture, which is read by adapt4j-vision, which is not there",
          "Add io.adapt4j:adapt4j-vision to the class path");
    }
  }

  private void read(PageSource source, int index) throws InterruptedException {
    try {
      byte[] png = calls.call(() -> source.png(index, options.pixels()), limits.time());
      if (png.length == 0) {
        return;
      }
      PageText page =
          calls.call(() -> readText(png), options.time(), "Raise the limit by ScanOptions");
      add(page, index);
      if (page.truncated()) {
        throw Unreadable.failed(
            "its text is longer than the reader's limit and was truncated",
            "Raise that limit, such as by withTokens(), or divide the page");
      }
    } catch (Unreadable e) {
      failed++;
      problems.accept(e.ofPage(index + 1));
    }
  }

  private PageText readText(byte[] png) throws Unreadable, InterruptedException {
    try {
      return reader.read(png);
    } catch (InterruptedException | Unreadable e) {
      throw e;
    } catch (Exception e) {
      Unreadable failed =
          Unreadable.failed("cannot be read (" + e + ")", "See to the reader of pages");
      failed.initCause(e);
      throw failed;
    }
  }

  private void add(PageText page, int index) throws Unreadable {
    // A form feed begins a page.
    String words = page.text().replace('\f', ' ');
    if (text.length() + words.length() + 8L > limits.characters()) {
      throw Unreadable.failed(
          "its text would exceed " + limits.characters() + " characters with those before it",
          "Raise the limit by limits(), or divide the file");
    }
    text.append(index > 0 && !words.isBlank() ? "\n\n" : "");
    for (PageBox box : page.boxes()) {
      boxes.add(box.moved(text.length(), index));
    }
    text.append(words);
  }
}
