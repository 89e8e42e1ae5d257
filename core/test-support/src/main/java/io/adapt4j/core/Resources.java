package io.adapt4j.core;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;

/** Texts that lie beside a test class. */
public final class Resources {

  private Resources() {}

  /** The text of a resource that lies beside a class. */
  public static String text(Class<?> beside, String name) {
    try (InputStream stream =
        Objects.requireNonNull(beside.getResourceAsStream(name), () -> "resource " + name)) {
      return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The JSON of each line of a resource that lies beside a class. */
  public static List<JsonNode> rows(Class<?> beside, String name) {
    try (MappingIterator<JsonNode> rows =
        new ObjectMapper().readerFor(JsonNode.class).readValues(text(beside, name))) {
      return rows.readAll();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
