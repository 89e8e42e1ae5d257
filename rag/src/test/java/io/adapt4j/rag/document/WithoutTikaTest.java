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
    assertThat(reportWithoutTika())
        .isEqualTo(
            "3 read, 1 failed, 0 skipped\nfailed: d.pdf: is application/pdf, which is read by"
                + " Apache Tika, which is not there. Add"
                + " org.apache.tika:tika-parsers-standard-package:3.3.1 to the class path.\n");
  }

  private String reportWithoutTika() throws Exception {
    try (URLClassLoader loader = loader()) {
      Class<?> documents = loader.loadClass(Documents.class.getName());
      Object source = documents.getMethod("in", Path.class).invoke(null, folder);
      Consumer<Object> each = document -> {};
      Object report = documents.getMethod("forEach", Consumer.class).invoke(source, each);
      return (String) report.getClass().getMethod("text").invoke(report);
    }
  }

  private static URLClassLoader loader() throws IOException {
    List<URL> path = new ArrayList<>();
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
      if (!entry.contains("tika")) {
        path.add(url(entry));
      }
    }
    return new URLClassLoader(path.toArray(URL[]::new), ClassLoader.getPlatformClassLoader());
  }

  private static URL url(String entry) throws MalformedURLException {
    return Path.of(entry).toUri().toURL();
  }
}
