package io.adapt4j.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.upkeep.registry.Change;
import io.adapt4j.upkeep.registry.Exam;
import io.adapt4j.upkeep.registry.ModelPack;
import io.adapt4j.upkeep.registry.ModelVersion;
import io.adapt4j.upkeep.registry.NewVersion;
import io.adapt4j.upkeep.registry.Registry;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Keeps versions of adapters and models. */
@Command(
    name = "registry",
    description = "Keeps versions of adapters and models, and says which one is in production.",
    mixinStandardHelpOptions = true,
    scope = CommandLine.ScopeType.INHERIT,
    synopsisSubcommandLabel = "COMMAND")
final class RegistryCommand {

  private static final String REFERENCE = "NAME@ALIAS, NAME@NUMBER or NAME@sha256:DIGEST.";

  /** The registry, and how the result is written. */
  static final class Place extends Output {

    @Option(
        names = "--registry",
        paramLabel = "FOLDER",
        required = true,
        description = "Folder of the registry; 'add' and 'import' create it.")
    private Path folder;

    Place() {}

    /** Opens a registry to write to, which need not be there. */
    Registry open() {
      return Registry.open(Destination.folder("--registry", folder));
    }

    /** Opens a registry that must be there, so that a mistyped path is no empty registry. */
    Registry existing() {
      return Registry.open(Destination.existing("--registry", "the folder of a registry", folder));
    }

    /** Writes a sentence about a version, or the version as JSON. */
    int write(String text, Registry registry, ModelVersion version) {
      return write(text, json(registry, version));
    }
  }

  /** Alias, and who changes it and why. */
  static final class ChangeArguments {

    @Option(
        names = "--alias",
        defaultValue = Registry.PRODUCTION,
        description = "The alias; default ${DEFAULT-VALUE}.")
    private String alias;

    @Option(
        names = "--who",
        defaultValue = "${sys:user.name}",
        description = "Who asks for it; default the user.")
    private String who;

    @Option(names = "--reason", required = true, description = "Why, for the history.")
    private String reason;

    ChangeArguments() {}

    Change change() {
      return Change.by(who, reason);
    }
  }

  RegistryCommand() {}

  @Command(name = "list", description = "Lists versions and their aliases.")
  int list(
      @Mixin Place place,
      @Parameters(paramLabel = "NAME", arity = "0..1", description = "A model; default all.")
          @Nullable String name) {
    Registry registry = place.existing();
    StringBuilder text = new StringBuilder();
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    ArrayNode versions = json.putArray("versions");
    for (String one : name == null ? registry.names() : List.of(name)) {
      for (ModelVersion version : registry.versions(one)) {
        versions.add(json(registry, version));
        text.append(
            "%s  %s  %,d bytes  %s  %s\n"
                .formatted(
                    version.reference(),
                    version.created(),
                    version.bytes(),
                    String.join(", ", aliases(registry, version)),
                    version.note()));
      }
    }
    return place.write(versions.isEmpty() ? "There are no versions.\n" : text.toString(), json);
  }

  @Command(
      name = "add",
      description = "Adds a copy of an adapter or model folder as the next version.")
  int add(
      @Mixin Place place,
      @Parameters(paramLabel = "FOLDER", description = "Such as the folder 'best' of a run.")
          Path folder,
      @Option(names = "--name", required = true, description = "Name of the model.") String name,
      @Option(names = "--parent", description = "The version it was trained from: " + REFERENCE)
          @Nullable String parent,
      @Option(names = "--note", defaultValue = "", description = "A note.") String note,
      @Option(
              names = "--exam",
              paramLabel = "REPORT.JSON",
              description = "Its evaluation, as 'adapt4j eval --report' writes it.")
          @Nullable Path exam) {
    if (exam != null) {
      Destination.rows("--exam", exam);
    }
    Registry registry = place.open();
    NewVersion version = new NewVersion(name, folder, Optional.ofNullable(parent), note);
    return added(registry, registry.add(version), exam, place);
  }

  private static int added(
      Registry registry, ModelVersion version, @Nullable Path exam, Place place) {
    if (exam != null) {
      registry.addExam(version, exam);
    }
    return place.write(version.reference() + " is in " + version.folder(), registry, version);
  }

  @Command(name = "show", description = "Prints a version: folder, digest, lineage, exams.")
  int show(
      @Mixin Place place,
      @Parameters(paramLabel = "VERSION", description = REFERENCE) String reference) {
    Registry registry = place.existing();
    ObjectNode json = json(registry, registry.resolve(reference));
    StringBuilder text = new StringBuilder();
    json.properties()
        .forEach(
            field ->
                text.append(
                    "%s: %s\n"
                        .formatted(
                            field.getKey(),
                            field.getValue().isTextual()
                                ? field.getValue().asText()
                                : field.getValue())));
    return place.write(text.toString(), json);
  }

  @Command(
      name = "promote",
      description = "Gives a version an alias, by default production, which needs an exam.")
  int promote(
      @Mixin Place place,
      @Mixin ChangeArguments arguments,
      @Parameters(paramLabel = "VERSION", description = REFERENCE) String reference,
      @Option(
              names = "--without-exam",
              description = "Allow production without an exam; the history says so.")
          boolean withoutExam) {
    Registry registry = place.existing();
    ModelVersion version = registry.resolve(reference);
    Change change = arguments.change();
    registry.promote(version, arguments.alias, withoutExam ? change.allowingNoExam() : change);
    return changed(registry, version, arguments.alias, place);
  }

  @Command(
      name = "rollback",
      description = "Returns an alias, by default production, to the version before.")
  int rollback(
      @Mixin Place place,
      @Mixin ChangeArguments arguments,
      @Parameters(paramLabel = "NAME", description = "The model.") String name) {
    Registry registry = place.existing();
    ModelVersion version = registry.rollback(name, arguments.alias, arguments.change());
    return changed(registry, version, arguments.alias, place);
  }

  private static int changed(Registry registry, ModelVersion version, String alias, Place place) {
    return place.write(
        "%s@%s is version %d".formatted(version.name(), alias, version.number()),
        registry,
        version);
  }

  @Command(
      name = "verify",
      description = "Compares all files with their digests; the exit code is 1 if one changed.")
  int verify(@Mixin Place place) {
    List<String> problems = place.existing().verify();
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    problems.forEach(json.putArray("problems")::add);
    place.write(
        problems.isEmpty() ? "All files are as they were added." : String.join("\n", problems),
        json);
    return problems.isEmpty() ? ExitCode.OK : ExitCode.FINDINGS;
  }

  @Command(
      name = "export",
      description = "Writes a version as a CNCF ModelPack artifact in an OCI image layout.")
  int export(
      @Mixin Place place,
      @Parameters(paramLabel = "VERSION", description = REFERENCE) String reference,
      @Option(names = "--to", paramLabel = "FOLDER", required = true, description = "A new folder.")
          Path target) {
    Destination.newFolder("--to", target);
    Registry registry = place.existing();
    ModelVersion version = registry.resolve(reference);
    ModelPack.write(registry, version, target);
    return place.write(version.reference() + " is in " + target, registry, version);
  }

  @Command(name = "import", description = "Adds a CNCF ModelPack artifact of an OCI image layout.")
  int importPack(
      @Mixin Place place,
      @Parameters(paramLabel = "FOLDER", description = "The image layout.") Path folder,
      @Option(names = "--name", required = true, description = "Name of the model.") String name,
      @Option(names = "--tag", defaultValue = "", description = "Its tag, if there are several.")
          String tag) {
    Registry registry = place.open();
    return added(registry, ModelPack.read(registry, name, folder, tag), null, place);
  }

  private static List<String> aliases(Registry registry, ModelVersion version) {
    return registry.aliases(version.name()).entrySet().stream()
        .filter(alias -> alias.getValue() == version.number())
        .map(Map.Entry::getKey)
        .toList();
  }

  private static ObjectNode json(Registry registry, ModelVersion version) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("version", version.reference()).put("pinned", version.pinned());
    json.put("folder", version.folder().toString());
    json.put("created", version.created().toString());
    json.put("bytes", version.bytes()).put("note", version.note());
    aliases(registry, version).forEach(json.putArray("aliases")::add);
    ArrayNode exams = json.putArray("exams");
    registry.exams(version).stream().map(Exam::digest).forEach(exams::add);
    version.lineage().parent().ifPresent(parent -> json.put("parent", parent));
    version
        .lineage()
        .base()
        .ifPresent(base -> json.put("base", base.name()).put("baseDigest", base.digest()));
    ObjectNode data = json.putObject("data");
    version.lineage().data().forEach(file -> data.put(file.file(), file.sha256()));
    version.lineage().plan().ifPresent(plan -> json.set("plan", Output.parsed(plan)));
    return json;
  }
}
