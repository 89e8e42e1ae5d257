package io.adapt4j.studio;

import io.adapt4j.studio.internal.ask.Background;
import io.adapt4j.studio.internal.data.Doctor;
import io.adapt4j.studio.internal.data.Inspections;
import io.adapt4j.studio.internal.data.TokenLengths;
import io.adapt4j.studio.internal.exam.Corrected;
import io.adapt4j.studio.internal.exam.ExamClusters;
import io.adapt4j.studio.internal.exam.ExamDrafts;
import io.adapt4j.studio.internal.exam.ExamResults;
import io.adapt4j.studio.internal.exam.ExamStores;
import io.adapt4j.studio.internal.exam.Exams;
import io.adapt4j.studio.internal.exam.Trainings;
import io.adapt4j.studio.internal.machine.LocalModels;
import io.adapt4j.studio.internal.page.Looks;
import io.adapt4j.studio.internal.page.Pages;
import io.adapt4j.studio.internal.plan.Estimates;
import io.adapt4j.studio.internal.plan.ModelFits;
import io.adapt4j.studio.internal.run.RunQueue;
import io.adapt4j.studio.internal.run.Trainer;
import io.adapt4j.studio.internal.screen.CompareScreen;
import io.adapt4j.studio.internal.screen.DataScreen;
import io.adapt4j.studio.internal.screen.DoctorScreen;
import io.adapt4j.studio.internal.screen.ExamScreen;
import io.adapt4j.studio.internal.screen.MachineScreen;
import io.adapt4j.studio.internal.screen.MaskScreen;
import io.adapt4j.studio.internal.screen.PlanScreen;
import io.adapt4j.studio.internal.screen.PreferencesScreen;
import io.adapt4j.studio.internal.screen.RunScreen;
import io.adapt4j.studio.internal.screen.Shipping;
import io.adapt4j.studio.internal.screen.StartScreen;
import io.adapt4j.studio.internal.screen.TokenReport;
import io.adapt4j.studio.internal.screen.UploadScreen;
import io.adapt4j.studio.internal.store.Jobs;
import io.adapt4j.studio.internal.store.Plans;
import io.adapt4j.studio.internal.store.Preferences;
import io.adapt4j.studio.internal.store.Runs;
import io.adapt4j.studio.internal.store.Sources;
import io.adapt4j.studio.internal.store.Uploads;
import io.adapt4j.studio.internal.store.Workspace;
import io.adapt4j.studio.internal.web.Access;
import io.adapt4j.studio.internal.web.Router;
import io.adapt4j.studio.internal.web.Screen;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** All screens of a studio with their stores, without a server. */
final class StudioScreens implements AutoCloseable {

  private final Workspace workspace;
  private final Jobs jobs = new Jobs();
  private final Background asking = new Background();
  private final Trainer trainer;
  private final Runs runs;
  private final Runs exams;
  private final Runs exports;
  private final RunQueue queue;
  private final Router router;

  /**
   * Opens the workspace and starts the queue of runs.
   *
   * @param context path of the first page, with a slash at its end
   */
  StudioScreens(Settings settings, String context, Access access) throws IOException {
    this.workspace = new Workspace(settings.workspace());
    this.trainer = settings.trainer().map(Trainer::new).orElseGet(Trainer::ofClassPath);
    this.runs = new Runs(workspace, Runs.Kind.TRAINING);
    this.exams = new Runs(workspace, Runs.Kind.EXAM);
    this.exports = new Runs(workspace, Runs.Kind.EXPORT);
    this.queue = new RunQueue(List.of(runs, exams, exports), trainer);
    try {
      this.router = router(settings, context, access);
    } catch (IOException e) {
      close();
      throw e;
    }
  }

  /**
   * Settings that do not depend on the server.
   *
   * @param models folders to look for models in
   * @param trainer the command that trains; empty for the command line on the class path
   */
  record Settings(
      Path workspace, List<Path> models, long uploadBytes, Optional<List<String>> trainer) {}

  Router router() {
    return router;
  }

  private Router router(Settings settings, String context, Access access) throws IOException {
    Preferences preferences = new Preferences(workspace);
    Pages pages = new Pages();
    Sources sources = new Sources(workspace);
    Inspections inspections = new Inspections(workspace, sources, jobs);
    Uploads uploads = new Uploads(sources, settings.uploadBytes());
    List<Path> folders = new ArrayList<>(settings.models());
    folders.add(workspace.root().resolve("models"));
    LocalModels models = new LocalModels(folders);
    Map<String, Screen> screens = new HashMap<>();
    screens.put("", new StartScreen(pages, sources, inspections, uploads));
    Doctor doctor = new Doctor(workspace, sources, jobs);
    Plans plans = new Plans(workspace);
    PlanScreen.Opened opened = new PlanScreen.Opened(sources, inspections, doctor);
    TokenLengths lengths = new TokenLengths(workspace, sources, doctor, jobs);
    Map<String, Screen> ofData =
        Map.of(
            "doctor",
            new DoctorScreen(opened, pages, new TokenReport(pages, models, plans, lengths)),
            "mask",
            new MaskScreen(pages, workspace, sources, inspections, doctor, models));
    ModelFits fits = new ModelFits(workspace, sources, doctor, models, jobs);
    screens.put("data", new DataScreen(pages, sources, inspections, fits, ofData));
    screens.put("upload", new UploadScreen(uploads));
    screens.put("machine", new MachineScreen(pages, workspace, models, jobs));
    screens.put("preferences", new PreferencesScreen(preferences));
    Estimates estimates = new Estimates(workspace, plans, jobs, trainer);
    screens.put("plans", new PlanScreen(pages, opened, models, plans, estimates, runs));
    screens.put("runs", new RunScreen(pages, runs, queue, trainer));
    screens.putAll(
        new Shipping(workspace, runs, exams, exports, queue, trainer, jobs, asking)
            .screens(pages, models, opened));
    ExamStores stores = examStores(opened);
    screens.put("exams", new ExamScreen(pages, opened, models, stores, queue, plans));
    screens.put("compare", new CompareScreen(pages, stores));
    return new Router(access, new Looks(context, preferences), pages, screens);
  }

  private ExamStores examStores(PlanScreen.Opened opened) {
    Exams all = new Exams(workspace, exams);
    Trainings trainings = new Trainings(runs);
    return new ExamStores(
        all,
        new ExamDrafts(all, opened.doctor(), opened.inspections(), trainings),
        trainings,
        new ExamResults(workspace, all, jobs),
        new ExamClusters(workspace, all, jobs),
        new Corrected(all, opened.sources(), opened.inspections()));
  }

  /** Ends background work; trainings and services that run go on in their processes. */
  @Override
  public void close() {
    queue.close();
    jobs.close();
    asking.close();
    workspace.close();
  }
}
