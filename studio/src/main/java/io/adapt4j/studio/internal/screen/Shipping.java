package io.adapt4j.studio.internal.screen;

import io.adapt4j.studio.internal.ask.AskDocuments;
import io.adapt4j.studio.internal.ask.Background;
import io.adapt4j.studio.internal.ask.Comparisons;
import io.adapt4j.studio.internal.machine.LocalModels;
import io.adapt4j.studio.internal.page.Pages;
import io.adapt4j.studio.internal.run.RunQueue;
import io.adapt4j.studio.internal.run.Trainer;
import io.adapt4j.studio.internal.ship.Artifacts;
import io.adapt4j.studio.internal.ship.Commands;
import io.adapt4j.studio.internal.ship.ServiceClient;
import io.adapt4j.studio.internal.ship.Services;
import io.adapt4j.studio.internal.store.Jobs;
import io.adapt4j.studio.internal.store.Runs;
import io.adapt4j.studio.internal.store.Workspace;
import io.adapt4j.studio.internal.upkeep.Inbox;
import io.adapt4j.studio.internal.upkeep.Versions;
import io.adapt4j.studio.internal.web.Screen;
import java.util.Map;

/** Parts of the screens of models that leave the studio, and of what comes back. */
public record Shipping(
    Workspace workspace,
    Runs runs,
    Runs exams,
    Runs exports,
    RunQueue queue,
    Trainer trainer,
    Jobs jobs,
    Background asking) {

  /** Returns the screens by the first segments of their paths. */
  public Map<String, Screen> screens(Pages pages, LocalModels models, PlanScreen.Opened opened) {
    Services services = new Services(workspace, trainer, new ServiceClient());
    Commands commands = new Commands(exports, workspace);
    Artifacts artifacts = new Artifacts(runs, exports, exams, models);
    Versions versions = new Versions(workspace, jobs);
    Inbox inbox = new Inbox(workspace, services, opened.sources(), jobs);
    Comparisons comparisons =
        new Comparisons(workspace, services, opened.sources(), opened.inspections(), asking);
    AskDocuments documents =
        new AskDocuments(workspace, services, opened.sources(), commands, trainer, asking);
    return Map.of(
        "ship", new ShipScreen(pages, artifacts, services, commands, versions, opened),
        "services", new ServiceScreen(pages, services, artifacts, commands, versions),
        "exports", new ExportScreen(pages, commands, artifacts, queue),
        "registry", new RegistryScreen(pages, versions, artifacts, services, commands),
        "deletion", new DeletionScreen(pages, versions, artifacts, commands),
        "inbox", new InboxScreen(pages, services, inbox),
        "drift", new DriftScreen(pages, opened, commands),
        "ask", new AskScreen(pages, comparisons, services, opened),
        "documents", new DocumentsScreen(pages, documents, services, commands, opened));
  }
}
