package io.adapt4j.cli;

import picocli.CommandLine.Command;

/** Answers from documents. */
@Command(
    name = "rag",
    description = "Indexes documents, and answers questions from them with citations.",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {RagIndexCommand.class, RagAskCommand.class})
final class RagCommand {

  private RagCommand() {}
}
