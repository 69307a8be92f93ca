"""Survey of affective video recommender systems (spec 13): its catalogue; it prints no result of its own."""

from __future__ import annotations

from analysis.literature.paper import Paper, Printed

NO_RESULT = "none: a survey of the literature"

TECHNIQUES = Printed(
    "Techniques",
    "92 papers, 2009 to 2022",
    NO_RESULT,
    ("Family", "Papers tabulated", "How affect enters"),
    (
        (
            "SVM, SVR",
            9.0,
            "classify the response, or map clip features to affect; then relevance, rating or rank",
        ),
        ("clustering", 2.0, "clips clustered by affective likeness; unseen clips of the cluster"),
        ("AdaBoost", 2.0, "strong face (or ECG) classifier from compound features"),
        ("matrix-based", 3.0, "alternatives by criteria (affect, physiology, attributes)"),
        ("collaborative filtering", 5.0, "affect as likeness of viewers, or as context of a rating"),
        ("content-based", 3.0, "affective metadata and mood as attributes"),
        ("knowledge graph", 2.0, "emotions of reviews become nodes and edges"),
        ("genetic algorithm", 1.0, "annoyance of viewers against engagement of advertisers"),
        ("hybrid", 2.0, "collaborative, content and an emotion detector"),
        (
            "reinforcement learning",
            2.0,
            "state: affect and behaviour; action: the next clip; reward: the response",
        ),
        ("CNN", 4.0, "face, EEG with GSR, key frames"),
        ("LSTM, BiLSTM", 6.0, "EEG, video, timed comments"),
        ("MLP", 3.0, "fused features to a class or a score"),
        ("deep hybrids", 6.0, "CNN with LSTM, 3D-CNN with DBN, LSTM with attention, RL with BiRNN"),
    ),
    ("Tabulated papers are fewer than the 92 found.",),
)

CHANNELS = Printed(
    "Response channels",
    "papers tabulated",
    NO_RESULT,
    ("Channel", "Papers"),
    (
        ("face", 15.0),
        ("questionnaire, SAM, quiz", 14.0),
        ("reviews and comments", 8.0),
        ("pulse, heart rate", 6.0),
        ("brain activity", 6.0),
        ("interactions (watch, skip)", 2.0),
        ("connotative properties", 2.0),
        ("mood", 1.0),
        ("EDA", 1.0),
        ("GSR", 1.0),
        ("gesture", 1.0),
    ),
    (
        "EDA and GSR name the same signal and are counted apart.",
        "Brain activity is abbreviated in two ways; ECG is expanded as echocardiogram.",
    ),
)

METRICS = Printed(
    "Metrics",
    "papers tabulated",
    NO_RESULT,
    ("Metric", "Papers"),
    (
        ("accuracy", 24.0),
        ("precision, recall, F1", 11.0),
        ("valence, arousal outcomes", 8.0),
        ("MSE, RMSE", 5.0),
        ("confusion matrix", 5.0),
        ("MAE", 2.0),
        ("click-through rate", 2.0),
        ("session length", 2.0),
        ("ROC", 1.0),
        ("chi-square and dependent t-test", 1.0),
        ("complier average causal effect", 1.0),
        ("quality of a graph", 1.0),
    ),
    (
        "No definition is printed; ours stand in the help.",
        "Valence, arousal and dominance are called a metric, though they are what is rated.",
    ),
)

DATABASES = Printed(
    "Databases",
    "as the survey states them",
    NO_RESULT,
    ("Database", "Content"),
    (
        ("Affective feedback", "24 participants, questionnaires on search tasks and emotion"),
        ("Cohn-Kanade", "2,105 sequences of 182 adults; or 100 students, 23 displays; or photos"),
        ("Moviepilot mood track", "4.5 M ratings, 105 K users, 25 K films, mood tags"),
        ("Hollywood clips", "155 clips, 40 annotators, more than 1,300 annotations"),
        ("Tellyads, YouTube", "15 videos, 165 min in total"),
        ("Affective property movie", "more than 2,000 videos with arousal and valence"),
        ("Nvidia 3D Vision", "9 stereo sequences of about 2 min"),
        ("Movie profile", "item attributes only"),
        ("Five emotional reactions", "2 webcams, 5 classes, face and pulse"),
        ("Clicker and reaction", "30 viewers (18 to 35 years), 5 videos"),
        ("DEAP", "32 subjects, music videos of 1 min, EEG and physiology"),
        ("Algebra video field test", "18,925 students, 152 teachers, 149 schools"),
        ("0-, 7-, 16-MOOD", "ratings with 0, 7, 16 mood states"),
        ("User action session", "crawled videos, watch and skip logs"),
        ("Format video", "1,000 mp4 of 30 s to 10 min"),
        ("Footwear advertising", "52 subjects, facial points and ratings"),
        ("NEAR", "property advert clips and text"),
        ("LIRIS-ACCEDE", "9,800 clips from 160 films"),
        ("PM-SZU", "386 clips from 8 films"),
        ("Metacritic, IMDb", "2,627,476 reviews"),
        ("Danmu (Bilibili)", "time-stamped comments"),
        ("LDOS-PerAff-1", "responses to clips in valence, arousal, dominance; personality"),
        ("LDOS-CoMoDa", "context, ratings, personality"),
        ("Mechanical Turk", "boredom annotations"),
        ("Ren CECps dictionary", "1,487 blogs, emotion vectors of 8 dimensions"),
        ("YouTube clips", "600 videos, 480 transcribed"),
        ("IMDb scenes", "240 users, 25 scenes"),
        ("AFEW, SFEW", "dynamic and static faces in the wild; SFEW 7 classes"),
    ),
    (
        "The table gives LIRIS-ACCEDE's counts of clips and films the wrong way round.",
        "DEAP is credited to the authors of MAHNOB.",
        "Cohn-Kanade stands three times with other sizes, once credited to a study of education.",
        "Several names describe a study and are no public set.",
    ),
)

PUBLISHERS = Printed(
    "Papers by publisher",
    "92 papers found in Google Scholar",
    NO_RESULT,
    ("Publisher", "Papers", "Per cent"),
    (
        ("IEEE", 35.0, 38.04),
        ("Springer", 15.0, 16.30),
        ("ACM", 11.0, 11.96),
        ("Elsevier", 11.0, 11.96),
        ("other", 20.0, 21.74),
    ),
)

PAPER = Paper(
    name="recommendation",
    title="Affective video recommender systems: a survey",
    source="Wang and Zhao, Affective video recommender systems: A survey, Frontiers in Neuroscience 16 "
    "(2022), doi:10.3389/fnins.2022.984404",
    about="What moves this viewer: techniques, response channels, databases and metrics of recommenders that"
    " use affect. The survey has no experiment. Built here: measured affect, clip profiles, rankers,"
    " playlists, and how well rankers do on viewers who are left out.",
    printed=(TECHNIQUES, CHANNELS, METRICS, DATABASES, PUBLISHERS),
    doubts=(
        (
            "No performance is printed, no sampling rate, window or split.",
            "Rankers are compared on viewers who are left out, beside random, most liked and norms; no figure"
            " of the survey can be met.",
        ),
        (
            "No metric is defined.",
            "P, R and F1 at 5, AUC, MAE, RMSE, and CCC = 2 cov / (var + var + squared difference of means).",
        ),
        (
            "In the table of earlier reviews X stands for a tick, and the multiplication sign for no.",
            "Read so, as the text says.",
        ),
        ("'IIR median' stands among the inputs of one pipeline.", "Read as the median of heart rate."),
        (
            "Two pipelines have no sizes: seven wristband inputs into an MLP, and a reinforcement learner.",
            "The learner is a Thompson bandit: Bayesian regression of liking on the clips' features, with a"
            " prior and noise chosen here. The MLP (7, 10 and 1 units) is not built: in its place kept"
            " recognizers of any design estimate affect, weighed by their error.",
        ),
        (
            "Outputs of classifiers have to become probabilities before they are fused.",
            "A recognizer that decides whether valence or arousal is high counts as 2 p - 1, p its held-out"
            " probability after Platt's curve of the other participants; its error is that to the ratings."
            " Octants and emotions are not used; a note names recognizers of ratings that are not.",
        ),
        (
            "Grey relational analysis compares courses of affect; which, and of what length, is open.",
            "The reference is the clip that this viewer liked best, courses are held-out answers of kept"
            " recognizers once a second, brought to the reference's length. Without them it ranks nothing.",
        ),
        ("The survey ends without a conclusion.", "None is taken from it."),
    ),
    step="playlist",
    takes="a study with ratings of stimuli; without one, simulated viewers",
)
