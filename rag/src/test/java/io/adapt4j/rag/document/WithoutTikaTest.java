package io.adapt4j.rag.document;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reading where Apache Tika is not on the class path. */
class WithoutTikaTest {

  @TempDir Path folder;

  @Test
  void textMarkdownAndHtmlAreReadAndAPdfNamesTheArtifactToAdd() throws Exception {
    Files.writeString(folder.resolve("a.txt"), "Text.");
    Files.writeString(folder.resolve("b.md"), "# Title");
    Files.writeString(folder.resolve("c.html"), "<p>Page.");
    Files.write(folder.resolve("d.pdf"), "%PDF-1.7".getBytes(UTF_8));
    assertThat(reportWithout("tika"))
        .isEqualTo(
            "3 read, 1 failed, 0 skipped\nfailed: d.pdf: is application/pdf, which is read by"
                + " Apache Tika, which is not there. Add"
                + " org.apache.tika:tika-core:3.3.1 and"
                + " org.apache.tika:tika-parsers-standard-package:3.3.1 to the class path.\n");
  }

  @Test
  void theCoreAloneIsNamedWhereTheParsersAreThere() throws Exception {
    Files.write(folder.resolve("d.pdf"), "%PDF-1.7".getBytes(UTF_8));
    assertThat(reportWithout("tika-core"))
        .contains("whose core is not there. Add org.apache.tika:tika-core:3.3.1 to the class path")
        .doesNotContain("standard-package");
  }

  @Test
  void theModuleOfTheFormatIsNamedWhereOnlyTheCoreIsThere() throws Exception {
    Map<String, String> modules =
        Map.of(
            "a.pdf", "pdf",
            "b.docx", "microsoft",
            "c.doc", "microsoft",
            "d.odt", "miscoffice",
            "e.eml", "mail",
            "f.msg", "microsoft",
            "g.epub", "miscoffice",
            "h.xlsx", "microsoft");
    for (String name : modules.keySet()) {
      Files.write(folder.resolve(name), content(name));
    }
    String report = reportWithout("tika-parser");
    modules.forEach(
        (name, module) ->
            assertThat(report.lines().filter(line -> line.contains(name)).findFirst().orElse(""))
                .contains("finds no parser")
                .contains("Add org.apache.tika:tika-parser-" + module + "-module:3.3.1")
                .contains("or org.apache.tika:tika-parsers-standard-package:3.3.1"));
  }

  private static byte[] content(String name) {
    byte[] ole = {(byte) 0xd0, (byte) 0xcf, 0x11, (byte) 0xe0, (byte) 0xa1, (byte) 0xb1, 0x1a, 0};
    return switch (name.substring(name.indexOf('.') + 1)) {
      case "pdf" -> "%PDF-1.7\n%%EOF".getBytes(UTF_8);
      case "eml" -> "From: a@example.org\nSubject: Hello\n\nText".getBytes(UTF_8);
      case "doc", "msg" -> ole;
      // An archive without entries.
      default -> ("PK\u0005\u0006" + "\0".repeat(18)).getBytes(UTF_8);
    };
  }

  private String reportWithout(String artifact) throws Exception {
    try (URLClassLoader loader = loader(artifact)) {
      Class<?> documents = loader.loadClass(Documents.class.getName());
      Object source = documents.getMethod("in", Path.class).invoke(null, folder);
      Consumer<Object> each = document -> {};
      Object report = documents.getMethod("forEach", Consumer.class).invoke(source, each);
      return (String) report.getClass().getMethod("text").invoke(report);
    }
  }

  private static URLClassLoader loader(String artifact) throws IOException {
    List<URL> path = new ArrayList<>();
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
      if (!Path.of(entry).getFileName().toString().contains(artifact)) {
        path.add(url(entry));
      }
    }
    return new URLClassLoader(path.toArray(URL[]::new), ClassLoader.getPlatformClassLoader());
  }

  private static URL url(String entry) throws MalformedURLException {
    return Path.of(entry).toUri().toURL();
  }
}
