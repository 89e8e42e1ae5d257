package io.adapt4j.cli;

import picocli.CommandLine.Command;

/** Answers from documents. */
@Command(
    name = "rag",
    description =
        "Indexes documents, answers questions from them with citations, and makes rows to train on.",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      RagIndexCommand.class,
      RagAskCommand.class,
      RagRaftCommand.class,
      RagDeleteCommand.class
    })
final class RagCommand {

  private RagCommand() {}
}
