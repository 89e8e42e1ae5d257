package io.adapt4j.cli;

import io.adapt4j.core.internal.provenance.SystemInfo;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.util.regex.Pattern;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** Fine-tunes language models inside the JVM, from the command line. */
@Command(
    name = "adapt4j",
    description = "Fine-tunes Hugging Face language models inside the JVM.",
    mixinStandardHelpOptions = true,
    versionProvider = Adapt4j.Version.class,
    synopsisSubcommandLabel = "COMMAND",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:done, nothing found",
      "1:something was found, or a check failed",
      "2:the command line, the description or a file cannot be used",
      "3:the run began and failed",
      "130:interrupted; what was done is saved"
    },
    subcommands = {
      InspectCommand.class,
      ValidateCommand.class,
      PreviewCommand.class,
      PlanCommand.class,
      FindRateCommand.class,
      TrainCommand.class,
      GenerateCommand.class,
      ChatCommand.class,
      CompleteCommand.class,
      TranscribeCommand.class,
      ServeCommand.class,
      McpCommand.class,
      StudioCommand.class,
      EmbedCommand.class,
      Adapt4j.Rag.class,
      EvalCommand.class,
      DriftCommand.class,
      FeedbackCommand.class,
      MergeCommand.class,
      ExportCommand.class,
      RepeatCommand.class,
      DeleteCommand.class,
      RegistryCommand.class,
      DownloadCommand.class,
      DoctorCommand.class
    })
public final class Adapt4j {

  /** Minimum width of help output. */
  private static final int NARROWEST = 55;

  private static final String HIDDEN = "(hidden)";

  private static final Pattern SECRET_OPTION =
      Pattern.compile("-.*(key|token|password|secret).*", Pattern.CASE_INSENSITIVE);

  private Adapt4j() {}

  /**
   * Runs a command and ends the JVM with its exit code.
   *
   * @param arguments a command and its options; {@code --help} lists them
   */
  public static void main(String[] arguments) {
    PrintWriter out = new PrintWriter(System.out, true, charset("stdout.encoding"));
    PrintWriter err = new PrintWriter(System.err, true, charset("stderr.encoding"));
    System.exit(execute(out, err, arguments));
  }

  /** The terminal's encoding; the property is newer than JDK 17. */
  private static Charset charset(String property) {
    return Charset.forName(
        System.getProperty(property, System.getProperty("native.encoding", "UTF-8")));
  }

  /** Runs a command. */
  static int execute(PrintWriter out, PrintWriter err, String... arguments) {
    try {
      return commands(System.getenv("COLUMNS")).setOut(out).setErr(err).execute(arguments);
    } catch (OutOfMemoryError e) {
      err.println(
          "The memory of the JVM, %d MiB, is too small: %s. Give it more, such as with ADAPT4J_OPTS=-Xmx8g."
              .formatted(Runtime.getRuntime().maxMemory() >> 20, e.getMessage()));
      return ExitCode.FAILED;
    }
  }

  /**
   * Returns the commands, with help of a given width, or of the terminal's if it is not a number.
   */
  static CommandLine commands(String columns) {
    CommandLine commands =
        new CommandLine(new Adapt4j())
            .setExecutionExceptionHandler(new Failures())
            .setParameterExceptionHandler(Adapt4j::misused);
    if (columns != null && columns.strip().matches("\\d{1,4}")) {
      commands.setUsageHelpWidth(Math.max(NARROWEST, Integer.parseInt(columns.strip())));
    } else {
      commands.setUsageHelpAutoWidth(true);
    }
    return commands;
  }

  /** Prints one line on the problem rather than the full help. */
  private static int misused(ParameterException misuse, String[] arguments) {
    CommandLine command = misuse.getCommandLine();
    PrintWriter err = command.getErr();
    err.println(withoutSecrets(misuse));
    if (!UnmatchedArgumentException.printSuggestions(misuse, err)) {
      if (arguments.length == 0) {
        command.usage(err);
      } else {
        String name = command.getCommandSpec().qualifiedName();
        err.println("'" + name + " --help' lists what can be given.");
      }
    }
    return ExitCode.USAGE;
  }

  /** Removes keys passed to unknown options from the message, as it may be logged. */
  private static String withoutSecrets(ParameterException misuse) {
    String message = String.valueOf(misuse.getMessage());
    if (misuse instanceof UnmatchedArgumentException unmatched) {
      boolean isSecret = false;
      for (String argument : unmatched.getUnmatched()) {
        String[] parts = argument.split("=", 2);
        if (isSecret && !argument.startsWith("-")) {
          message = message.replace("'" + argument + "'", HIDDEN);
        }
        isSecret = SECRET_OPTION.matcher(parts[0]).matches();
        if (isSecret && parts.length > 1) {
          message = message.replace(argument, parts[0] + "=" + HIDDEN);
        }
      }
    }
    return message;
  }

  /** Answers from documents. */
  @Command(
      name = "rag",
      description =
          "Indexes documents, answers questions from them with citations, and makes rows to train"
              + " on.",
      mixinStandardHelpOptions = true,
      synopsisSubcommandLabel = "COMMAND",
      subcommands = {
        RagIndexCommand.class,
        RagAskCommand.class,
        RagRaftCommand.class,
        RagDeleteCommand.class
      })
  static final class Rag {

    private Rag() {}
  }

  static final class Version implements IVersionProvider {

    Version() {}

    @Override
    public String[] getVersion() {
      return new String[] {"adapt4j " + SystemInfo.libraryVersion()};
    }
  }
}
