package io.adapt4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The archive that {@code package} builds, unpacked as a user does. */
class PackagedIT {

  private static final Path MODEL = Path.of("../examples/models/stories260K").toAbsolutePath();

  @TempDir private static Path folder;
  private static Path home;
  private static boolean isExecutableInside;

  @BeforeAll
  static void unpack() throws IOException {
    String named = System.getProperty("adapt4j.archive");
    assumeTrue(named != null && Files.isRegularFile(Path.of(named)), "needs the packed archive");
    assumeTrue(Files.isExecutable(Path.of("/bin/sh")), "needs a POSIX shell");
    URI archive = URI.create("jar:" + Path.of(named).toUri());
    Path target = Files.createDirectory(folder.resolve("my tools"));
    try (FileSystem zip =
            FileSystems.newFileSystem(archive, Map.of("enablePosixFileAttributes", true));
        Stream<Path> entries = Files.walk(zip.getPath("/"))) {
      for (Path entry : (Iterable<Path>) entries.filter(Files::isRegularFile)::iterator) {
        Path file = target.resolve(entry.toString().substring(1));
        Files.createDirectories(file.getParent());
        Files.copy(entry, file);
        Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(entry);
        Files.setPosixFilePermissions(file, permissions);
        if (entry.endsWith("bin/adapt4j")) {
          isExecutableInside = permissions.contains(PosixFilePermission.OWNER_EXECUTE);
        }
      }
    }
    try (Stream<Path> only = Files.list(target)) {
      home = only.findFirst().orElseThrow();
    }
  }

  @AfterAll
  static void forget() {
    home = null;
  }

  private record Result(int code, String out, String err) {}

  private static Result run(Path directory, String... command) throws Exception {
    return run(Map.of(), directory, command);
  }

  private static Result run(Map<String, String> variables, Path directory, String... command)
      throws Exception {
    Path out = Files.createTempFile(folder, "out", "");
    Path err = Files.createTempFile(folder, "err", "");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectOutput(out.toFile())
            .redirectError(err.toFile());
    builder.environment().putAll(variables);
    Process process = builder.start();
    assertThat(process.waitFor(5, TimeUnit.MINUTES)).isTrue();
    return new Result(process.exitValue(), Files.readString(out), Files.readString(err));
  }

  @Test
  void itRunsFromAnyDirectoryThroughALinkAndSaysNothingButTheResult() throws Exception {
    assertThat(isExecutableInside).isTrue();
    assertThat(home.resolve("bin/adapt4j.bat")).content().contains("\r\n");
    Path elsewhere = Files.createDirectory(folder.resolve("else where"));
    Path links = Files.createDirectory(folder.resolve("links"));
    Path link = Files.createSymbolicLink(links.resolve("adapt4j"), home.resolve("bin/adapt4j"));
    Files.createSymbolicLink(elsewhere.resolve("a4j"), links.relativize(link).resolveSibling(link));

    Result version = run(elsewhere, link.toString(), "--version");
    assertThat(version.code()).as(version.err()).isZero();
    assertThat(version.out()).startsWith("adapt4j 0.");
    assertThat(version.err()).isEmpty();

    Result text =
        run(
            elsewhere,
            "./a4j",
            "generate",
            MODEL.toString(),
            "--prompt",
            "Once upon a",
            "--max-new-tokens",
            "3");
    assertThat(text.code()).as(text.err()).isZero();
    assertThat(text.out()).startsWith(" time");
    assertThat(text.err()).as("warnings of the JVM and of libraries").isEmpty();

    assertThat(run(elsewhere, link.toString(), "trian").code()).isEqualTo(ExitCode.USAGE);
  }

  @Test
  void aModelInTheCacheIsFoundWithoutTheNetwork() throws Exception {
    String commit = "0123456789abcdef0123456789abcdef01234567";
    Path cache = folder.resolve("hub");
    Path repository = cache.resolve("models--tiny--stories");
    Path snapshot = Files.createDirectories(repository.resolve("snapshots").resolve(commit));
    try (Stream<Path> files = Files.list(MODEL)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        Files.copy(file, snapshot.resolve(file.getFileName().toString()));
      }
    }
    Files.createDirectories(repository.resolve("refs"));
    Files.writeString(repository.resolve("refs/main"), commit);
    Map<String, String> offline = Map.of("HF_HUB_CACHE", cache.toString(), "HF_HUB_OFFLINE", "1");
    String adapt4j = home.resolve("bin/adapt4j").toString();
    Result found = run(offline, folder, adapt4j, "download", "tiny/stories");
    assertThat(found.code()).as(found.err()).isZero();
    assertThat(Path.of(found.out().strip())).isEqualTo(snapshot);
    Result missing = run(offline, folder, adapt4j, "download", "tiny/other");
    assertThat(missing.code()).isEqualTo(ExitCode.USAGE);
    assertThat(missing.err()).contains("tiny/other");
  }

  @Test
  void pdfWordAndMailAreReadWithoutFurtherJars() throws Exception {
    Path office = Files.createDirectory(folder.resolve("office"));
    Files.writeString(office.resolve("parcels.pdf"), pdf("Parcels to Norway take nine days."));
    Files.writeString(
        office.resolve("returns.eml"),
        "From: a@example.org\nSubject: Returns\n\nReturns are possible within 30 days.\n");
    writeWord(office.resolve("hours.docx"), "Opening hours are nine to five.");
    Path index = folder.resolve("office index");
    String adapt4j = home.resolve("bin/adapt4j").toString();
    Result indexed =
        run(folder, adapt4j, "rag", "index", office.toString(), "--index", index.toString());
    assertThat(indexed.code()).as(indexed.out() + indexed.err()).isZero();
    assertThat(indexed.out()).startsWith("3 documents in 3 chunks");
    assertThat(indexed.err()).as("remarks of the readers").isEmpty();
    for (String said : List.of("nine days", "30 days", "nine to five")) {
      Result asked =
          run(folder, adapt4j, "rag", "ask", "What is " + said + "?", "--index", index.toString());
      assertThat(asked.out()).contains(said);
    }
  }

  /** A document of one page with one line. */
  private static String pdf(String line) {
    String content = "BT /F1 12 Tf 72 700 Td (" + line + ") Tj ET";
    List<String> objects =
        List.of(
            "<< /Type /Catalog /Pages 2 0 R >>",
            "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R"
                + " /Resources << /Font << /F1 5 0 R >> >> >>",
            "<< /Length " + content.length() + " >>\nstream\n" + content + "\nendstream",
            "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>");
    StringBuilder pdf = new StringBuilder("%PDF-1.4\n");
    StringBuilder places = new StringBuilder("0000000000 65535 f \n");
    for (int i = 0; i < objects.size(); i++) {
      places.append(String.format(Locale.ROOT, "%010d 00000 n \n", pdf.length()));
      pdf.append(i + 1).append(" 0 obj\n").append(objects.get(i)).append("\nendobj\n");
    }
    int table = pdf.length();
    return pdf.append("xref\n0 6\n")
        .append(places)
        .append("trailer << /Size 6 /Root 1 0 R >>\nstartxref\n")
        .append(table)
        .append("\n%%EOF\n")
        .toString();
  }

  private static void writeWord(Path file, String line) throws IOException {
    String types = "application/vnd.openxmlformats-";
    String schemas = "http://schemas.openxmlformats.org/";
    Map<String, String> parts =
        Map.of(
            "[Content_Types].xml",
            "<Types xmlns=\"%spackage/2006/content-types\"><Default Extension=\"rels\" ContentType=\"%spackage.relationships+xml\"/><Override PartName=\"/word/document.xml\" ContentType=\"%sofficedocument.wordprocessingml.document.main+xml\"/></Types>"
                .formatted(schemas, types, types),
            "_rels/.rels",
            "<Relationships xmlns=\"%spackage/2006/relationships\"><Relationship Id=\"r1\" Type=\"%sofficeDocument/2006/relationships/officeDocument\" Target=\"word/document.xml\"/></Relationships>"
                .formatted(schemas, schemas),
            "word/document.xml",
            "<w:document xmlns:w=\"%swordprocessingml/2006/main\"><w:body><w:p><w:r><w:t>%s</w:t></w:r></w:p></w:body></w:document>"
                .formatted(schemas, line));
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
      for (Map.Entry<String, String> part : parts.entrySet()) {
        zip.putNextEntry(new ZipEntry(part.getKey()));
        zip.write(part.getValue().getBytes(StandardCharsets.UTF_8));
      }
    }
  }

  @Test
  void theJarRunsByItself() throws Exception {
    List<Path> jars = new ArrayList<>();
    try (Stream<Path> files = Files.list(home.resolve("lib"))) {
      files
          .filter(file -> file.getFileName().toString().startsWith("adapt4j-cli-"))
          .forEach(jars::add);
    }
    Path java = Path.of(System.getProperty("java.home"), "bin", "java");
    Result version =
        run(folder, java.toString(), "-jar", jars.get(0).toString(), "inspect", MODEL.toString());
    assertThat(version.code()).as(version.err()).isZero();
    assertThat(version.out()).contains("llama");
  }
}
