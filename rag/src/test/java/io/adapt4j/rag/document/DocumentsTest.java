package io.adapt4j.rag.document;

import static io.adapt4j.core.Refusals.refuses;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;
import static org.assertj.core.api.Assertions.tuple;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DocumentsTest {

  @TempDir Path folder;

  @Test
  void filesOfAFolderBecomeDocumentsNamedByTheirPathsInOrder() throws IOException {
    write("b/two.txt", "Two.");
    write("b/a/three.txt", "Three.");
    write("a.txt", "One.");
    assertThat(read(Documents.in(folder)))
        .extracting(Document::id, Document::text)
        .containsExactly(
            tuple("a.txt", "One."), tuple("b/a/three.txt", "Three."), tuple("b/two.txt", "Two."));
  }

  @Test
  void metadataTellsWhatIsKnownOfAFile() throws IOException {
    Path file = write("guide.md", "# A *guide*\n\nText.\n");
    Files.setLastModifiedTime(file, FileTime.fromMillis(1_700_000_000_000L));
    Document document = read(Documents.in(folder)).get(0);
    assertThat(document.title()).isEqualTo("A guide");
    assertThat(document.metadata())
        .containsExactly(
            entry("charset", "UTF-8"),
            entry("extension", "md"),
            entry("file_name", "guide.md"),
            entry("media_type", "text/markdown"),
            entry("modified", 1_700_000_000L),
            entry("size", 19L),
            entry("structure", "markdown"));
  }

  @Test
  void fieldsAreAddedForAllAndForEach() throws IOException {
    write("a.txt", "One.");
    Documents documents =
        Documents.in(folder).metadata("team", "support").metadata(id -> Map.of("link", "x/" + id));
    assertThat(read(documents).get(0).metadata())
        .contains(entry("team", "support"), entry("link", "x/a.txt"));
  }

  @Test
  void patternsChooseFilesByTheirIds() throws IOException {
    for (String name : List.of("a.md", "b.txt", "x/c.md", "x/draft.md")) {
      write(name, "Text.");
    }
    assertThat(ids(Documents.in(folder).only("*.md"))).containsExactly("a.md");
    assertThat(ids(Documents.in(folder).only("**.md", "b.*").except("**/draft*")))
        .containsExactly("a.md", "b.txt", "x/c.md");
    assertThat(ids(Documents.in(folder).only("x/**"))).containsExactly("x/c.md", "x/draft.md");
  }

  @Test
  void hiddenFilesArePassedOverUnlessWanted() throws IOException {
    write(".hidden/a.txt", "Text.");
    write(".b.txt", "Text.");
    write("c.txt", "Text.");
    assertThat(ids(Documents.in(folder))).containsExactly("c.txt");
    assertThat(ids(Documents.in(folder).includeHidden()))
        .containsExactly(".b.txt", ".hidden/a.txt", "c.txt");
  }

  @Test
  void aFileThatBecomesALinkIsNotRead() throws IOException {
    Path secret = Files.writeString(folder.resolve("secret"), "Secret.");
    Path root = Files.createDirectory(folder.resolve("root"));
    Path file = Files.writeString(root.resolve("a.txt"), "Text.");
    RawFile found = new FolderFiles(root, FolderOptions.standard(), new ReportBuilder()).next();
    Files.delete(file);
    Files.createSymbolicLink(file, secret);
    assertThatThrownBy(() -> found.read(100)).isInstanceOf(IOException.class);
  }

  @Test
  void linksAreSkippedUnlessFollowedAndLoopsEnd() throws IOException {
    Path other = Files.createDirectory(folder.resolve("other"));
    Files.writeString(other.resolve("a.txt"), "Text.");
    Path root = Files.createDirectory(folder.resolve("root"));
    Files.createSymbolicLink(root.resolve("link"), other);
    Files.createSymbolicLink(root.resolve("loop"), root);
    Files.createSymbolicLink(root.resolve("nowhere.txt"), folder.resolve("missing"));
    assertThat(report(Documents.in(root)).skipped())
        .extracting(FileProblem::id, FileProblem::reason)
        .containsExactly(
            tuple("link", "is a symbolic link"),
            tuple("loop", "is a symbolic link"),
            tuple("nowhere.txt", "is a symbolic link"));
    Documents followed = Documents.in(root).followLinks();
    assertThat(ids(followed)).containsExactly("link/a.txt");
    assertThat(report(followed).skipped())
        .extracting(FileProblem::toString)
        .containsExactly(
            "loop: is a link to a folder that it is in. Remove the link if it is not wanted.");
    assertThat(report(followed).failed())
        .extracting(FileProblem::id)
        .containsExactly("nowhere.txt");
  }

  @Test
  void emptyFilesAndThoseThatAreNoDocumentsAreSkipped() throws IOException {
    write("empty.txt", "");
    write("blank.md", " \n");
    Files.write(folder.resolve("picture.png"), new byte[] {(byte) 0x89, 'P', 'N', 'G', 0, 1, 2});
    Files.write(folder.resolve("archive.zip"), new byte[] {'P', 'K', 3, 4, 0, 0});
    ReadingReport report = report(Documents.in(folder));
    assertThat(report.read()).isZero();
    assertThat(report.failed()).isEmpty();
    assertThat(report.skipped())
        .extracting(FileProblem::id, FileProblem::reason)
        .containsExactly(
            tuple("archive.zip", "is not a document of a known format"),
            tuple("blank.md", "has no text"),
            tuple("empty.txt", "is empty"),
            tuple("picture.png", "is not a document of a known format"));
  }

  @ParameterizedTest
  @CsvSource({
    "a PNG image, 89504e470d0a1a0a",
    "a JPEG image, ffd8ffe0",
    "a GIF image, 47494638396101",
    "a compressed file, 1f8b08",
    "a program, 7f454c46",
    "a sound, 49443304",
    "a GGUF file, 4747554603",
    "an archive, 377abcaf271c",
  })
  void binaryFilesAreToldByTheirFirstBytesWhateverTheirNames(String format, String signature)
      throws IOException {
    byte[] head = HexFormat.of().parseHex(signature);
    byte[] text = "Words that a program wrote into its file, in plain letters.".getBytes(UTF_8);
    byte[] bytes = Arrays.copyOf(head, head.length + text.length);
    System.arraycopy(text, 0, bytes, head.length, text.length);
    for (String name : List.of("file.txt", "file.md", "file.html", "file")) {
      Files.write(folder.resolve(name), bytes);
    }
    ReadingReport report = report(Documents.in(folder));
    assertThat(report.read()).isZero();
    assertThat(report.skipped())
        .hasSize(4)
        .extracting(FileProblem::reason)
        .containsOnly("is " + format);
  }

  @Test
  void textsThatBeginLikeASignatureInPlainLettersAreTexts() throws IOException {
    write("a.txt", "GIF89a is a format of images.");
    write("b.txt", "BM25 ranks documents by their words.");
    write("c.txt", "MZ are the initials of its designer.");
    write("d.txt", "RIFF, a comic of two pages.");
    assertThat(ids(Documents.in(folder))).containsExactly("a.txt", "b.txt", "c.txt", "d.txt");
  }

  @Test
  void aBinaryFileThatBeginsWithManyWordsIsNoText() throws IOException {
    byte[] rest = new byte[20_000];
    new Random(1).nextBytes(rest);
    Path file = write("mixed.txt", "Words at first. ".repeat(300));
    Files.write(file, rest, StandardOpenOption.APPEND);
    assertThat(report(Documents.in(folder)).skipped())
        .extracting(FileProblem::id)
        .containsExactly("mixed.txt");
  }

  @Test
  void theFilesAreListedWithoutBeingRead() throws IOException {
    write("a.md", "A.");
    write("b.txt", "B.");
    assertThat(Documents.in(folder).ids()).containsExactly("a.md", "b.txt");
    assertThat(Documents.in(folder).only("*.mdd").ids()).isEmpty();
    Documents stream = Documents.stream("s.txt", new ByteArrayInputStream("S.".getBytes(UTF_8)));
    assertThat(stream.ids()).containsExactly("s.txt");
    assertThat(ids(stream)).containsExactly("s.txt");
  }

  @Test
  void aFileBeyondALimitFailsAndTheRestGoesOn() throws IOException {
    write("a.txt", "x".repeat(11));
    write("b.txt", "x".repeat(10));
    ReadingLimits limits = ReadingLimits.standard();
    ReadingReport bytes = report(Documents.in(folder).limits(limits.withBytes(10)));
    assertThat(bytes.read()).isEqualTo(1);
    assertThat(bytes.text())
        .isEqualTo(
            "1 read, 1 failed, 0 skipped\nfailed: a.txt: has more than 10 bytes. Raise the limit"
                + " by limits(), or divide the file.\n");
    ReadingReport characters = report(Documents.in(folder).limits(limits.withCharacters(10)));
    assertThat(characters.failed())
        .extracting(FileProblem::reason)
        .containsExactly("has more than 10 characters of text");
  }

  @Test
  void aFolderThatIsNotThereIsAnErrorAtOnce() {
    assertThatThrownBy(() -> Documents.in(folder.resolve("missing")).open())
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("missing: this folder cannot be read");
  }

  @Test
  void theCharacterSetIsToldByMarkOrContentElseTheOneToFallBackTo() {
    String text = "Gr\u00FC\u00DFe \u20AC";
    assertThat(text(text.getBytes(UTF_8), "UTF-8")).isEqualTo(text);
    assertThat(text(("\uFEFF" + text).getBytes(UTF_8), "UTF-8")).isEqualTo(text);
    assertThat(text(("\uFEFF" + text).getBytes(StandardCharsets.UTF_16LE), "UTF-16LE"))
        .isEqualTo(text);
    assertThat(text(("\uFEFF" + text).getBytes(Charset.forName("UTF-32BE")), "UTF-32BE"))
        .isEqualTo(text);
    assertThat(text("Plain text".getBytes(StandardCharsets.UTF_16BE), "UTF-16BE"))
        .isEqualTo("Plain text");
    assertThat(text(text.getBytes(Charset.forName("windows-1252")), "windows-1252"))
        .isEqualTo(text);
    byte[] cyrillic = "\u041F\u0440\u0438\u0432\u0435\u0442".getBytes(Charset.forName("KOI8-R"));
    assertThat(read(Documents.bytes("a.txt", cyrillic).fallbackCharset(Charset.forName("KOI8-R"))))
        .extracting(Document::text)
        .containsExactly("\u041F\u0440\u0438\u0432\u0435\u0442");
  }

  @Test
  void htmlBecomesMarkdownOfWhatAReaderSees() {
    String html =
        "<html><head><title> My page </title><style>x</style></head><body><h1>Top</h1>"
            + "<p>One\ntwo<br>three <b>bold</b></p><p hidden>no</p>"
            + "<div style='display: none'>no <p>no</p></div><ul><li>a<ul><li>b</li></ul></li>"
            + "<li><p>c</p></li></ul><ol><li>x</li><li>y</li></ol>"
            + "<table><tr><th>A</th><th>B|C</th></tr><tr><td>1</td><td><p>2</p></td></tr></table>"
            + "<pre>code\n  x</pre># no heading<script>no</script></body></html>";
    Document document = read(Documents.bytes("a.html", html.getBytes(UTF_8))).get(0);
    assertThat(document.title()).isEqualTo("My page");
    assertThat(document.text())
        .isEqualTo(
            """
            # Top

            One two
            three bold

            - a
              - b
            - c

            1. x
            2. y

            | A | B\\|C |
            | --- | --- |
            | 1 | 2 |

            ```
            code
              x
            ```

            \\# no heading
            """);
  }

  @Test
  void tablesThatLayOutAPageAreReadAsItsBlocks() {
    String html =
        "<table><tr><td>Menu</td><td><h1>Title</h1><p>Text.</p>"
            + "<table><tr><td>a</td><td>b</td></tr></table></td></tr></table>";
    assertThat(read(Documents.bytes("a.html", html.getBytes(UTF_8))).get(0).text())
        .isEqualTo(
            """
            Menu

            # Title

            Text.

            | a | b |
            | --- | --- |
            """);
  }

  @Test
  void anHtmlFileMayStateItsCharacterSet() {
    String html = "<html><head><meta charset='koi8-r'></head><body>\u041F\u0440</body></html>";
    byte[] bytes = html.getBytes(Charset.forName("KOI8-R"));
    assertThat(read(Documents.bytes("a.htm", bytes)).get(0).text()).isEqualTo("\u041F\u0440\n");
  }

  @Test
  void titlesComeFromFrontMatterElseTheFirstHeadingElseTheName() {
    assertThat(title("a.md", "---\ntitle: \"Of the file\"\n---\n# Heading\n"))
        .isEqualTo("Of the file");
    assertThat(title("a.md", "```\n# code\n```\nHeading\n=======\n")).isEqualTo("Heading");
    assertThat(title("a.md", "[Linked](x) is no heading")).isEqualTo("a.md");
    assertThat(title("a.txt", "# no Markdown")).isEqualTo("a.txt");
  }

  @Test
  void streamsAreReadOnceAndClosed() {
    boolean[] closed = {false};
    Documents documents =
        Documents.stream(
            "notes/a.txt",
            new ByteArrayInputStream("Text.".getBytes(UTF_8)) {
              @Override
              public void close() {
                closed[0] = true;
              }
            });
    assertThat(read(documents)).extracting(Document::id).containsExactly("notes/a.txt");
    assertThat(closed[0]).isTrue();
    refuses(
        IllegalStateException.class, documents::open, "notes/a.txt: this stream was read already");
  }

  @Test
  void singleFilesAndDocumentsInMemoryAreSourcesToo() throws IOException {
    Path file = write("x/a.txt", "Text.");
    assertThat(ids(Documents.files(file))).containsExactly("a.txt");
    Document document = Document.of("id", "Text.");
    assertThat(read(Documents.of(List.of(document)))).containsExactly(document);
  }

  @Test
  void charactersThatModelsAndDatabasesRefuseAreReplaced() {
    byte[] half = ("\uFEFF" + "x".repeat(5000)).getBytes(StandardCharsets.UTF_16LE);
    half[half.length - 1] = (byte) 0xD8;
    half[half.length - 3] = 0;
    half[half.length - 4] = 0;
    assertThat(read(Documents.bytes("a.txt", half)).get(0).text())
        .hasSize(5000)
        .endsWith("x \uFFFD");
  }

  @Test
  void onlyTheDocumentAtHandIsRead() throws IOException {
    write("a.txt", "One.");
    Path second = write("b.txt", "Two.");
    try (DocumentReading reading = Documents.in(folder).open()) {
      assertThat(reading.next().text()).isEqualTo("One.");
      Files.writeString(second, "Changed.");
      assertThat(reading.next().text()).isEqualTo("Changed.");
      assertThat(reading.hasNext()).isFalse();
    }
  }

  private String text(byte[] bytes, String charset) {
    Document document = read(Documents.bytes("a.txt", bytes)).get(0);
    assertThat(document.metadata()).contains(entry(Document.CHARSET, charset));
    return document.text();
  }

  private static String title(String name, String text) {
    return read(Documents.bytes(name, text.getBytes(UTF_8))).get(0).title();
  }

  private Path write(String id, String text) throws IOException {
    Path file = folder.resolve(id);
    Files.createDirectories(file.getParent());
    return Files.writeString(file, text);
  }

  private static List<Document> read(DocumentSource source) {
    List<Document> documents = new ArrayList<>();
    source.forEach(documents::add);
    return documents;
  }

  private static List<String> ids(DocumentSource source) {
    return read(source).stream().map(Document::id).toList();
  }

  private static ReadingReport report(DocumentSource source) {
    return source.forEach(document -> {});
  }
}
