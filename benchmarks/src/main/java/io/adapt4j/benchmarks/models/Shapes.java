package io.adapt4j.benchmarks.models;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/** Configurations of models by name, in a JSON file beside the class that uses them. */
public final class Shapes {

  private Shapes() {}

  public static JsonNode read(Class<?> user, String name) {
    try (InputStream file = user.getResourceAsStream(name)) {
      return new ObjectMapper().readTree(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
