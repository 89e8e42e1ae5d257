package io.adapt4j.rag.document;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files that would take all memory or time, or give a part of their text as if it were all. */
class HostileFilesTest {

  private static final ReadingLimits LIMITS = ReadingLimits.standard().withInflatedBytes(8 << 20);

  @Test
  void aZipBombIsRefusedBeforeItIsParsed() throws IOException {
    assertThat(reason("a.docx", docxWith("word/media/image.bin", 50 << 20)))
        .isEqualTo("holds more than 8388608 bytes once it is decompressed");
  }

  @Test
  void aZipFileOfTooManyEntriesIsRefused() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      for (int i = 0; i < 20_001; i++) {
        zip.putNextEntry(new ZipEntry(Integer.toString(i)));
      }
    }
    assertThat(reason("a.docx", bytes.toByteArray())).isEqualTo("has more than 20000 files inside");
  }

  @Test
  void aPdfWhosePagesInflateTooFarIsRefusedBeforeItIsParsed() throws IOException {
    assertThat(reason("a.pdf", OfficeFiles.pdfBomb(50 << 20)))
        .isEqualTo("holds more than 8388608 bytes once it is decompressed");
  }

  @Test
  void anAttachedBombIsLeftOutOfItsMessage() throws IOException {
    byte[] bomb = docxWith("word/media/image.bin", 50 << 20);
    byte[] message = OfficeFiles.emlWithAttachment("Hello", "The body.", "a.docx", bomb);
    StringBuilder text = new StringBuilder();
    Documents.bytes("a.eml", message)
        .limits(LIMITS)
        .forEach(document -> text.append(document.text()));
    assertThat(text.toString()).isEqualTo("The body.\n");
  }

  @Test
  void anEncryptedPdfIsRefused() throws IOException {
    assertThat(reason("a.pdf", OfficeFiles.encryptedPdf())).isEqualTo("is protected by a password");
  }

  @Test
  void filesThatWereCutOffAreRefused() throws IOException {
    byte[] pdf = OfficeFiles.pdf("T", "Page.");
    byte[] docx = OfficeFiles.docx("T", "Heading", "Text.");
    for (int part = 1; part < 4; part++) {
      assertThat(reason("a.pdf", Arrays.copyOf(pdf, pdf.length * part / 4)))
          .isEqualTo("was cut off before its end");
      assertThat(reason("a.docx", Arrays.copyOf(docx, docx.length * part / 4)))
          .isEqualTo("was cut off before its end");
    }
  }

  @Test
  void aFileThatIsNotWhatItsNameSaysIsRefused() {
    assertThat(reason("a.docx", "Plain text.".getBytes(UTF_8)))
        .startsWith("is text/plain by its content, where its name says application/vnd");
  }

  @Test
  void damagedFilesOfEveryFormatFailOrGiveText() throws IOException {
    byte[][] files = {
      OfficeFiles.pdf("T", "Page."),
      OfficeFiles.docx("T", "Heading", "Text."),
      OfficeFiles.msg("Subject", "Body.")
    };
    String[] names = {"a.pdf", "a.docx", "a.msg"};
    for (int i = 0; i < files.length; i++) {
      for (int seed = 0; seed < 10; seed++) {
        byte[] damaged = files[i].clone();
        new Random(seed)
            .ints(20, 8, damaged.length)
            .forEach(place -> damaged[place] = (byte) (damaged[place] + 101));
        ReadingReport report = Documents.bytes(names[i], damaged).limits(LIMITS).forEach(d -> {});
        assertThat(report.read() + report.failed().size() + report.skipped().size()).isEqualTo(1);
      }
    }
  }

  @Test
  void textBeyondTheLimitEndsTheParsing() throws IOException {
    byte[] docx = OfficeFiles.docx("T", "Heading", "word ".repeat(1000));
    ReadingReport report =
        Documents.bytes("a.docx", docx).limits(LIMITS.withCharacters(1000)).forEach(d -> {});
    assertThat(report.failed())
        .extracting(FileProblem::reason)
        .containsExactly("has more than 1000 characters of text");
  }

  @Test
  void elementsNestedDeeplyAreRead() {
    String html = "<div><ul><li>".repeat(20_000) + "deep";
    StringBuilder text = new StringBuilder();
    Documents.bytes("a.html", html.getBytes(UTF_8))
        .forEach(document -> text.append(document.text()));
    assertThat(text.toString()).contains("deep");
  }

  @Test
  void aFileThatTakesTooLongIsLeftAndTheNextIsRead() {
    CountDownLatch end = new CountDownLatch(1);
    RawFile endless = waiting("endless.txt", end);
    RawFile next = file("next.txt", new ByteArrayInputStream(new byte[] {'a'}));
    ReadingReport report = read(List.of(endless, next).iterator(), Duration.ofMillis(100));
    end.countDown();
    assertThat(report.read()).isEqualTo(1);
    assertThat(report.failed())
        .extracting(FileProblem::toString)
        .containsExactly(
            "endless.txt: took longer than 0.1 s. Raise the limit by limits(), or convert the"
                + " file to text.");
  }

  @Test
  void onlySoManyFilesGoOnAfterTheirTime() {
    CountDownLatch end = new CountDownLatch(1);
    List<RawFile> files = IntStream.range(0, 9).mapToObj(i -> waiting(i + ".txt", end)).toList();
    ReadingReport report = read(files.iterator(), Duration.ofMillis(20));
    end.countDown();
    assertThat(report.failed()).hasSize(9);
    assertThat(report.failed().get(8).reason())
        .startsWith("was not tried: the reading of 8 earlier files continues");
  }

  @Test
  void aFolderOfAllKindsGivesWhatCanBeReadAndReportsTheRest(@TempDir Path folder)
      throws IOException {
    byte[] docx = OfficeFiles.docx("T", "Heading", "Text.");
    Files.write(folder.resolve("a.docx"), docx);
    Files.write(folder.resolve("b.pdf"), OfficeFiles.encryptedPdf());
    Files.write(folder.resolve("c.docx"), Arrays.copyOf(docx, docx.length / 2));
    Files.write(folder.resolve("d.docx"), docxWith("x", 50 << 20));
    Files.writeString(folder.resolve("e.md"), "# Title\n");
    Files.write(folder.resolve("f.pdf"), OfficeFiles.pdf("T", "Page."));
    Files.writeString(folder.resolve("g.txt"), "");
    StringBuilder ids = new StringBuilder();
    ReadingReport report =
        Documents.in(folder).limits(LIMITS).forEach(document -> ids.append(document.id()));
    assertThat(ids.toString()).isEqualTo("a.docxe.mdf.pdf");
    assertThat(report.failed())
        .extracting(FileProblem::id)
        .containsExactly("b.pdf", "c.docx", "d.docx");
    assertThat(report.skipped()).extracting(FileProblem::id).containsExactly("g.txt");
  }

  private static ReadingReport read(Iterator<RawFile> files, Duration time) {
    ReadingLimits limits = LIMITS.withTime(time);
    try (FileReading reading =
        new FileReading(
            files,
            new ReportBuilder(),
            new FileConverter(limits, StandardCharsets.UTF_8),
            limits,
            Optional.empty(),
            document -> document)) {
      reading.forEachRemaining(document -> {});
      return reading.report();
    }
  }

  private static RawFile file(String id, InputStream stream) {
    return new RawFile(id, Optional.empty(), () -> stream);
  }

  private static String reason(String name, byte[] bytes) {
    ReadingReport report = Documents.bytes(name, bytes).limits(LIMITS).forEach(d -> {});
    assertThat(report.failed()).as(report.text()).hasSize(1);
    return report.failed().get(0).reason();
  }

  /** A Word file with another file of zeros inside. */
  private static byte[] docxWith(String entry, int zeros) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    byte[] docx = OfficeFiles.docx("T", "Heading", "Text.");
    try (ZipInputStream in = new ZipInputStream(new ByteArrayInputStream(docx));
        ZipOutputStream out = new ZipOutputStream(bytes)) {
      for (ZipEntry next = in.getNextEntry(); next != null; next = in.getNextEntry()) {
        out.putNextEntry(new ZipEntry(next.getName()));
        in.transferTo(out);
      }
      out.putNextEntry(new ZipEntry(entry));
      byte[] block = new byte[1 << 20];
      for (int i = 0; i < zeros >> 20; i++) {
        out.write(block);
      }
    }
    return bytes.toByteArray();
  }

  /** A file whose reading ends when it is told to, and heeds no interruption. */
  private static RawFile waiting(String id, CountDownLatch end) {
    return new RawFile(
        id,
        Optional.empty(),
        () -> {
          while (end.getCount() > 0) {
            Thread.onSpinWait();
          }
          return InputStream.nullInputStream();
        });
  }
}
