package io.adapt4j.core.internal.tensor;

import io.adapt4j.core.exception.EngineException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Operators of one module of Adapt4J: TorchScript functions in its resources, compiled together.
 * They may call each other, but not those of another library.
 *
 * <p>A module creates one library and its {@link Operator}s. Nothing needs to be registered: an
 * operator knows its library, and an {@link Engine} compiles a library when it first runs one of
 * its operators.
 */
public final class OperatorLibrary {

  /** The operators of core itself. */
  static final OperatorLibrary CORE =
      of(
          OperatorLibrary.class,
          "tensor.py",
          "basic.py",
          "linear.py",
          "attention.py",
          "sinks.py",
          "latent.py",
          "relative.py",
          "experts.py",
          "recurrent.py",
          "streams.py",
          "loss.py",
          "distillation.py",
          "optimizer.py");

  private static final Pattern FUNCTION = Pattern.compile("(?m)^def (\\w+)\\(self");

  private final Class<?> owner;
  private final List<String> resources;

  private OperatorLibrary(Class<?> owner, List<String> resources) {
    this.owner = owner;
    this.resources = resources;
  }

  /** Creates a library without reading anything yet. */
  public static OperatorLibrary of(Class<?> owner, String... resources) {
    return new OperatorLibrary(owner, List.of(resources));
  }

  public Operator operator(String name) {
    return new Operator(this, name, Scratch.NONE);
  }

  public String sources() {
    return resources.stream().map(this::resource).collect(Collectors.joining("\n"));
  }

  /**
   * Returns the functions that the sources define, including those that only other functions call.
   */
  public Set<String> functions() {
    return FUNCTION
        .matcher(sources())
        .results()
        .map((MatchResult function) -> function.group(1))
        .collect(Collectors.toSet());
  }

  private String resource(String name) {
    try (InputStream in = owner.getResourceAsStream(name)) {
      if (in == null) {
        throw new EngineException("Operator source " + name + " is missing beside " + this);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public String toString() {
    return owner.getName();
  }
}
