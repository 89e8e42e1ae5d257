package io.adapt4j.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.batch.BatchException;
import io.adapt4j.core.chat.ChatException;
import io.adapt4j.core.data.DatasetException;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.exception.SettingsException;
import io.adapt4j.core.hub.HubException;
import io.adapt4j.jinja.TemplateException;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.ParseResult;

/** Turns exceptions into a message and an exit code. */
final class Failures implements IExecutionExceptionHandler {

  /** What a user can put right. */
  private static final List<Class<? extends RuntimeException>> USAGE =
      List.of(
          SettingsException.class,
          CheckpointException.class,
          DatasetException.class,
          ChatException.class,
          TemplateException.class,
          HubException.class,
          BatchException.class,
          IllegalArgumentException.class);

  Failures() {}

  @Override
  public int handleExecutionException(
      Exception exception, CommandLine commandLine, ParseResult arguments) {
    boolean isUsage = USAGE.stream().anyMatch(type -> type.isInstance(exception));
    int code = isUsage ? ExitCode.USAGE : ExitCode.FAILED;
    if (commandLine.getParseResult().hasMatchedOption("--json")) {
      ObjectNode error = JsonNodeFactory.instance.objectNode();
      error.put("exitCode", code).put("error", exception.getClass().getSimpleName());
      ArrayNode problems = error.putArray("problems");
      problems(exception).forEach(problems::add);
      commandLine.getOut().println(Output.text(error));
    }
    commandLine.getErr().println(message(exception));
    if (!isUsage) {
      exception.printStackTrace(commandLine.getErr());
    }
    return code;
  }

  private static List<String> problems(Exception exception) {
    return exception instanceof SettingsException settings
        ? settings.problems().stream().map(Wording::of).toList()
        : List.of(message(exception));
  }

  private static String message(Exception exception) {
    return exception.getMessage() == null
        ? exception.toString()
        : Wording.of(exception.getMessage());
  }
}
