package extensions;

import io.adapt4j.rag.document.Document;
import io.adapt4j.rag.document.DocumentReading;
import io.adapt4j.rag.document.DocumentSource;
import io.adapt4j.rag.document.ReadingReport;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/** A document for each line of a file. */
public record LineSource(Path file) implements DocumentSource {

  @Override
  public DocumentReading open() {
    try {
      return new Lines(Files.newBufferedReader(file), file.getFileName().toString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static final class Lines implements DocumentReading {

    private final BufferedReader reader;
    private final Iterator<String> lines;
    private final String name;
    private long read;

    Lines(BufferedReader reader, String name) {
      this.reader = reader;
      this.lines = reader.lines().filter(line -> !line.isBlank()).iterator();
      this.name = name;
    }

    @Override
    public boolean hasNext() {
      return lines.hasNext();
    }

    @Override
    public Document next() {
      String id = name + " " + ++read;
      return new Document(id, id, lines.next(), Map.of("number", read));
    }

    @Override
    public ReadingReport report() {
      return new ReadingReport(read, List.of(), List.of());
    }

    @Override
    public void close() {
      try {
        reader.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
