package io.adapt4j.jinja;

import io.adapt4j.jinja.internal.function.Globals;
import io.adapt4j.jinja.internal.syntax.Body;
import io.adapt4j.jinja.internal.syntax.Frame;
import io.adapt4j.jinja.internal.syntax.Parser;
import io.adapt4j.jinja.internal.value.Fault;
import io.adapt4j.jinja.internal.value.Inputs;
import io.adapt4j.jinja.internal.value.Run;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/**
 * A Jinja template, parsed and rendered as Transformers does: Jinja 3.1 in its immutable sandbox
 * with {@code trim_blocks}, {@code lstrip_blocks}, loop controls, {@code {% generation %}} blocks,
 * a {@code tojson} that escapes neither HTML nor non-ASCII letters, {@code raise_exception} and
 * {@code strftime_now}.
 *
 * <p>Values are numbers, strings, booleans, null, collections, arrays of objects and maps of these;
 * no other Java object is allowed, and no Java method is ever called by name. Templates may be
 * untrusted: work, output and nesting are bounded. Unsupported features (include, import, extends,
 * block, autoescaping, random filters) are errors, never different output.
 *
 * <p>Immutable and thread-safe.
 */
public final class Template {

  private final Source source;
  private final Body body;
  private final boolean generation;

  private Template(Source source, Body body, boolean generation) {
    this.source = source;
    this.body = body;
    this.generation = generation;
  }

  /**
   * Parses a template that is called "template" in errors.
   *
   * @param source the template's text
   * @return the template
   * @throws TemplateException if it is not valid or uses unsupported features
   */
  public static Template parse(String source) {
    return parse("template", source);
  }

  /**
   * Parses a template.
   *
   * @param name name in errors, such as a file name
   * @return the template
   * @throws TemplateException if it is not valid or uses unsupported features
   */
  public static Template parse(String name, String source) {
    Source text = Source.of(Objects.requireNonNull(name, "name"), source);
    try {
      Parser parser = new Parser(text.text());
      return new Template(text, parser.parse(), parser.sawGeneration());
    } catch (Fault e) {
      throw TemplateException.of(text, e);
    }
  }

  /**
   * Renders with the default options.
   *
   * @param variables values of the template's variables
   * @return the text
   * @throws TemplateException if the template fails, or exceeds a limit
   * @throws IllegalArgumentException if a variable has an unsupported type
   */
  public String render(Map<String, ?> variables) {
    return render(variables, RenderOptions.defaults()).text();
  }

  /**
   * Renders.
   *
   * @param options the clock and the limits
   * @return the text and the spans of generation blocks
   * @throws TemplateException if the template fails, or exceeds a limit
   * @throws IllegalArgumentException if a variable has an unsupported type
   */
  public Rendered render(Map<String, ?> variables, RenderOptions options) {
    Map<String, Object> values = new HashMap<>(Globals.ALL);
    variables.forEach((name, value) -> values.put(name, Inputs.convert(name, value)));
    Run run =
        new Run(
            options.clock(),
            options.maxSteps(),
            options.maxOutput(),
            options.maxDepth(),
            options.isCancelled());
    try {
      body.exec(Frame.global(run, values).inner());
    } catch (Fault e) {
      throw TemplateException.of(source, e);
    } catch (StackOverflowError e) {
      throw TemplateException.at(source, 1, "the template nests too deeply for the thread's stack");
    }
    return new Rendered(source, run.printed(), run.generated());
  }

  /**
   * {@return whether the template contains {@code {% generation %}} blocks, whether or not they
   * run}
   */
  public boolean hasGenerationBlocks() {
    return generation;
  }

  /** {@return the template's text, with only line feeds and without a final one} */
  public String source() {
    return source.text();
  }
}
