package io.adapt4j.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.PrintWriter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Output of a command's result, as text or JSON. */
class Output {

  private static final JsonMapper MAPPER = new JsonMapper();

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Option(
      names = "--json",
      description = "Write the result as one JSON object on standard output, for programs.")
  private boolean json;

  boolean isJson() {
    return json;
  }

  PrintWriter out() {
    return command.commandLine().getOut();
  }

  /** Returns standard error, for everything except the result. */
  PrintWriter err() {
    return command.commandLine().getErr();
  }

  /** Writes the result in the requested format; returns the exit code of success. */
  int write(String text, JsonNode value) {
    out().print(json ? text(value) : text);
    if (json || !text.endsWith("\n")) {
      out().println();
    }
    out().flush();
    return ExitCode.OK;
  }

  static String text(JsonNode value) {
    try {
      return MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a JSON tree could not be written as text", e);
    }
  }

  static JsonNode tree(Object value) {
    return MAPPER.valueToTree(value);
  }

  static JsonNode parsed(String text) {
    try {
      return MAPPER.readTree(text);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a report is no valid JSON", e);
    }
  }
}
