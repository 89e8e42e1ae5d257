package io.adapt4j.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.batch.BatchException;
import io.adapt4j.core.chat.ChatException;
import io.adapt4j.core.data.DatasetException;
import io.adapt4j.core.exception.Adapt4jException;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.exception.SettingsException;
import io.adapt4j.core.hub.HubException;
import io.adapt4j.gguf.format.GgufException;
import io.adapt4j.jinja.TemplateException;
import io.adapt4j.speech.transcript.RecordingException;
import io.adapt4j.upkeep.registry.RegistryException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.util.List;
import java.util.Objects;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.ParseResult;

/**
 * Maps exceptions to a message and an exit code. Stack traces are shown only for bugs in this
 * program, or if {@value #TRACE} is set.
 */
final class Failures implements IExecutionExceptionHandler {

  /** Environment variable that enables stack traces. */
  static final String TRACE = "ADAPT4J_TRACE";

  /** Exceptions that the user can fix. */
  private static final List<Class<? extends Exception>> USAGE =
      List.of(
          SettingsException.class,
          CheckpointException.class,
          DatasetException.class,
          ChatException.class,
          TemplateException.class,
          HubException.class,
          BatchException.class,
          RegistryException.class,
          RecordingException.class,
          FileSystemException.class,
          IllegalArgumentException.class);

  /** Exceptions that are not bugs; illegal states have an explanatory message. */
  private static final List<Class<? extends Exception>> EXPECTED =
      List.of(
          Adapt4jException.class,
          GgufException.class,
          IOException.class,
          UncheckedIOException.class,
          IllegalStateException.class,
          InterruptedException.class);

  Failures() {}

  @Override
  public int handleExecutionException(
      Exception exception, CommandLine commandLine, ParseResult arguments) {
    int code = isUsage(exception) ? ExitCode.USAGE : ExitCode.FAILED;
    if (commandLine.getParseResult().hasMatchedOption("--json")) {
      ObjectNode error = JsonNodeFactory.instance.objectNode();
      error.put("exitCode", code).put("error", exception.getClass().getSimpleName());
      ArrayNode problems = error.putArray("problems");
      problems(exception).forEach(problems::add);
      commandLine.getOut().println(Output.text(error));
    }
    boolean defect = code == ExitCode.FAILED && !isAny(EXPECTED, exception);
    if (defect) {
      commandLine
          .getErr()
          .println("This is a defect of adapt4j: please report it with the lines that follow.");
    } else {
      commandLine.getErr().println(message(exception));
    }
    if (defect || System.getenv(TRACE) != null) {
      exception.printStackTrace(commandLine.getErr());
    }
    return code;
  }

  /**
   * Returns whether the user can fix a failure: file systems reject paths; a failure with a cause
   * may come from a device.
   */
  private static boolean isUsage(Exception exception) {
    return isAny(USAGE, exception)
        || (exception instanceof UncheckedIOException unchecked
            && isAny(USAGE, Objects.requireNonNull(unchecked.getCause())));
  }

  private static boolean isAny(List<Class<? extends Exception>> types, Exception exception) {
    return types.stream().anyMatch(type -> type.isInstance(exception));
  }

  private static List<String> problems(Exception exception) {
    return exception instanceof SettingsException settings
        ? settings.problems().stream().map(Wording::of).toList()
        : List.of(message(exception));
  }

  private static String message(Exception exception) {
    boolean named = exception.getMessage() != null && !(exception instanceof FileSystemException);
    return Wording.of(named ? exception.getMessage() : exception.toString());
  }
}
