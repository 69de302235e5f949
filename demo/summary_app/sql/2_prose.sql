-- 65,536 sentences and as many short phrases, from word lists. Enough of them that a compressor meets few twice within
-- its window: the text then shrinks about as much as written English does.

CREATE FUNCTION pg_temp.noun(key bigint, topic bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT pg_temp.pick(
'{accident,account,adapter,advantage,agreement,aircraft,airport,algorithm,alphabet,ambition,analogy,anchor,antenna,
appetite,archive,argument,artist,atlas,atmosphere,audience,author,bakery,balance,bargain,basket,battery,benchmark,
blueprint,bottleneck,boundary,branch,breakthrough,breeze,bridge,bubble,budget,buffer,builder,cable,calendar,camera,
campaign,candle,capital,career,cartoon,castle,category,ceiling,ceremony,champion,chapter,charter,checklist,
chemistry,chess,chip,choir,circuit,city,climate,clinic,clue,coach,coastline,collector,colony,comedy,comet,committee,
community,compass,competitor,compiler,compromise,concept,consumer,container,contract,conversation,corridor,courage,
craft,creator,crisis,crystal,culture,curriculum,cycle,dashboard,database,daylight,deadline,debate,debt,decision,
definition,delivery,demand,desert,design,detour,device,dialogue,dictionary,diet,dinosaur,diplomat,discipline,
discovery,distance,document,doubt,drawing,dream,drone,drought,earthquake,echo,eclipse,ecosystem,editor,electron,
elephant,emotion,employer,energy,engine,enzyme,episode,equation,error,essay,estimate,evidence,exception,exercise,
exhibition,experiment,expert,fabric,factory,failure,fashion,feature,feedback,festival,fiction,filter,fingerprint,
firewall,forecast,forest,formula,fossil,foundation,fraction,framework,freight,frontier,fuel,galaxy,gallery,garden,
gene,gesture,glacier,grammar,graph,gravity,guitar,habit,hammer,harbour,harvest,headline,helmet,hero,highway,history,
horizon,hospital,household,humour,hypothesis,iceberg,idea,illusion,incentive,industry,inflation,inhabitant,insect,
insight,instrument,insurance,interview,intuition,invention,investor,island,journal,journey,judge,jungle,keyboard,
kingdom,kitchen,laboratory,ladder,landmark,landscape,language,laser,lecture,legend,lens,lesson,library,license,
lighthouse,listener,lottery,luggage,machine,magnet,manual,manuscript,marathon,market,measurement,melody,memory,
metaphor,method,metric,microscope,migration,mineral,minister,mirror,mission,mistake,model,molecule,monument,motor,
mountain,mural,museum,musician,myth,narrative,negotiation,network,neuron,notebook,novel,nutrient,oasis,objective,
ocean,opera,opponent,orbit,orchard,orchestra,outage,outcome,oxygen,package,painting,palace,paradox,parliament,
particle,passenger,passport,patent,pattern,penguin,percentage,perspective,photograph,pilot,pipeline,pixel,planet,
plateau,poem,policy,pollution,port,portfolio,poverty,practice,predator,premise,presentation,price,principle,printer,
priority,probability,profession,proof,protein,prototype,publisher,puzzle,quarry,question,queue,railway,rainfall,
reactor,rebellion,receipt,recipe,reef,referee,region,release,remedy,reputation,rescue,research,reservoir,result,
revolution,rhythm,ritual,river,robot,routine,rumour,satellite,schedule,scientist,sculpture,seed,sensor,sequence,
shadow,shelter,shortage,signal,silence,skeleton,skill,software,soil,solution,speaker,spectrum,stadium,startup,
statue,storm,story,strategy,student,studio,sunrise,supermarket,supplier,surface,surgeon,survey,symptom,syndrome,
syntax,tariff,team,technique,telescope,temple,tenant,tension,terminal,texture,theorem,theory,thermometer,thunder,
tide,tower,trade-off,tradition,traffic,tragedy,training,treatment,treaty,tribe,trophy,tunnel,umbrella,universe,
upgrade,vaccine,vacuum,valley,variable,vehicle,verdict,victory,village,vineyard,violation,violin,virus,vocabulary,
volcano,voter,voyage,wage,warehouse,waterfall,weapon,weather,wedding,wheel,wilderness,window,winter,witness,
workflow,workshop,writer,zone}'::text[],
    key, topic)
$$;

CREATE FUNCTION pg_temp.adjective(key bigint, topic bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT pg_temp.pick(
'{absent,abstract,academic,accurate,adaptive,aggressive,agile,ambitious,ancient,annual,artificial,attractive,
automatic,available,average,awkward,balanced,basic,blind,bold,brave,brief,bright,brilliant,broad,calm,careful,
certain,cheap,cheerful,circular,civil,classical,clever,cold,comfortable,commercial,common,compact,competitive,
complete,complex,concrete,conscious,conservative,constant,continuous,controversial,cooperative,costly,critical,
crowded,cultural,curious,daily,dangerous,decent,deep,defensive,delicate,democratic,dense,dependent,desperate,
detailed,digital,direct,distant,diverse,domestic,dramatic,dry,durable,dynamic,eager,early,economic,educational,
efficient,elaborate,electric,elegant,emotional,empty,endless,enormous,entire,equal,essential,ethical,exact,
excellent,exotic,expensive,experimental,explicit,external,extreme,fair,familiar,famous,fast,fictional,fierce,final,
financial,firm,flat,flexible,foreign,forgotten,formal,fortunate,fragile,frequent,fresh,fundamental,funny,general,
generous,gentle,genuine,global,golden,graceful,gradual,grateful,green,harmless,harsh,healthy,heavy,helpful,hidden,
historic,honest,horizontal,huge,humble,hybrid,ideal,imaginary,immediate,imperfect,important,impressive,inadequate,
independent,indirect,industrial,inevitable,informal,innocent,innovative,intense,internal,intuitive,invisible,
isolated,junior,large,late,lean,legal,legendary,liberal,limited,literary,lively,local,logical,lonely,long,loud,
lucky,magnetic,manual,massive,mathematical,mature,medical,minor,mobile,modern,modest,moral,mutual,mysterious,narrow,
native,natural,negative,nervous,neutral,noisy,nuclear,numerous,objective,obvious,odd,open,operational,optimistic,
optional,ordinary,organic,original,parallel,parental,partial,passive,patient,peaceful,permanent,physical,plain,
poetic,polite,political,poor,popular,positive,powerful,practical,pragmatic,precise,premature,private,public,pure,
quiet,radical,random,rapid,rare,rational,raw,realistic,recent,relative,relevant,reliable,remote,resilient,reverse,
rich,rigid,romantic,rough,round,royal,rural,sacred,sceptical,seasonal,sensitive,separate,serious,severe,shallow,
sharp,silent,simple,skilled,slow,small,smooth,social,soft,solid,spare,special,stable,statistical,steady,strange,
strict,strong,structural,stubborn,subtle,successful,sudden,superior,surprising,sustainable,sweet,symbolic,synthetic,
systematic,tactical,talented,technical,temporary,theoretical,thick,thin,tight,tiny,tolerant,traditional,transparent,
tropical,typical,uneven,unique,universal,unlikely,unusual,upper,urban,useful,vague,valid,valuable,variable,vertical,
visual,vivid,vulnerable,warm,weak,wealthy,weird,wet,wide,wild,wise,wooden,working,young}'::text[],
    key, topic)
$$;

CREATE FUNCTION pg_temp.verb(key bigint, topic bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT pg_temp.pick(
'{absorbs,accelerates,accepts,accompanies,achieves,acquires,adapts,admires,adopts,advances,affects,amplifies,analyses,
answers,anticipates,applies,approaches,approves,arranges,assembles,assumes,attacks,attracts,audits,avoids,balances,
becomes,bends,blocks,blurs,boosts,borrows,breaks,brings,builds,calibrates,cancels,captures,carries,catches,
celebrates,challenges,changes,classifies,closes,collects,combines,compares,compensates,completes,composes,
compresses,concerns,confirms,connects,conquers,considers,consumes,contains,contradicts,controls,converts,copies,
corrects,counts,covers,creates,crosses,damages,dates,deceives,decorates,defeats,defends,defines,delays,delivers,
demands,describes,deserves,destroys,detects,determines,directs,disappoints,discovers,disguises,distracts,
distributes,divides,documents,dominates,doubles,drives,earns,edits,eliminates,embraces,empties,enables,encourages,
endangers,enriches,enters,escapes,establishes,evaluates,examines,exceeds,exhausts,expands,explains,exploits,
explores,exposes,extends,favours,filters,finances,finds,finishes,fits,fixes,floods,follows,forces,forgets,frames,
fuels,funds,governs,grasps,guards,guides,handles,harms,hides,highlights,ignores,illustrates,imitates,implies,
imports,improves,includes,influences,informs,inherits,inspects,inspires,interrupts,introduces,invents,invites,
isolates,joins,judges,justifies,kills,launches,leads,learns,leaves,lifts,limits,loads,loses,magnifies,maintains,
manages,masks,masters,matches,measures,misses,modifies,monitors,motivates,moves,multiplies,names,navigates,needs,
negotiates,notices,obeys,observes,occupies,offers,opens,opposes,organises,outlives,outperforms,overtakes,owns,
paints,persuades,pleases,postpones,praises,predicts,preserves,prevents,processes,produces,promises,protects,proves,
provokes,publishes,pulls,punishes,pushes,questions,ranks,reaches,reads,rebuilds,recalls,receives,recognises,records,
recovers,reduces,refines,reflects,regulates,reinforces,rejects,releases,remembers,renews,repairs,repeats,replaces,
represents,requires,rescues,resembles,resists,restores,restricts,resumes,retains,reveals,reverses,rewards,rewrites,
risks,rules,saves,scales,searches,selects,sends,separates,serves,settles,shapes,sharpens,shelters,shifts,shows,
shrinks,simplifies,solves,sorts,spoils,spreads,stabilises,strengthens,stretches,studies,supports,surprises,
surrounds,survives,suspects,sustains,teaches,tests,threatens,tolerates,touches,traces,trains,transforms,translates,
treats,triggers,trusts,undermines,understands,unites,updates,uses,validates,values,visits,wastes,watches,weakens,
wins}'::text[],
    key, topic)
$$;

CREATE FUNCTION pg_temp.adverb(key bigint, topic bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT pg_temp.pick(
'{accidentally,actively,actually,again,already,always,apparently,automatically,badly,barely,briefly,carefully,
certainly,clearly,closely,completely,constantly,correctly,deliberately,directly,eagerly,easily,effectively,entirely,
equally,essentially,eventually,exactly,finally,formally,frequently,fully,generally,gently,gradually,hardly,heavily,
honestly,immediately,increasingly,indirectly,initially,instantly,intentionally,largely,lately,literally,loosely,
mainly,merely,mostly,naturally,nearly,necessarily,never,nicely,normally,obviously,occasionally,often,only,openly,
originally,partly,patiently,perfectly,permanently,politely,possibly,practically,precisely,predictably,presumably,
primarily,probably,promptly,properly,publicly,quickly,quietly,radically,rapidly,rarely,readily,really,recently,
regularly,reliably,repeatedly,roughly,secretly,seldom,seriously,sharply,silently,simply,slightly,slowly,smoothly,
softly,sometimes,soon,steadily,strictly,strongly,successfully,suddenly,surely,technically,temporarily,thoroughly,
truly,typically,usually,vaguely,virtually,visibly,willingly,wisely}'::text[],
    key, topic)
$$;

CREATE FUNCTION pg_temp.place(key bigint, topic bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT pg_temp.pick(
'{Accra,Amsterdam,Athens,Auckland,Bangkok,Barcelona,Beirut,Berlin,Bogotá,Boston,Brussels,Budapest,Cairo,Cardiff,
Chennai,Chicago,Copenhagen,Dakar,Delhi,Denver,Dhaka,Dublin,Edinburgh,Florence,Geneva,Hamburg,Hanoi,Havana,Helsinki,
Istanbul,Jakarta,Karachi,Kraków,Kyoto,Lagos,Leipzig,Lima,Lisbon,Ljubljana,London,Lyon,Madrid,Malmö,Manila,Marrakesh,
Melbourne,Milan,Montréal,Mumbai,Nairobi,Naples,Osaka,Oslo,Palermo,Paris,Porto,Prague,Quito,Reykjavík,Riga,Rome,
Rotterdam,Santiago,Seoul,Seville,Singapore,Sofia,Stockholm,Sydney,Taipei,Tallinn,Toronto,Toulouse,Tunis,Turin,
Utrecht,Valencia,Vancouver,Vienna,Vilnius,Warsaw,Wellington,Zagreb,Zürich}'::text[],
    key, topic)
$$;

CREATE FUNCTION pg_temp.opener(key bigint, topic bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT pg_temp.pick(
'{"According to the host,",After the break,"As a result,","At the same time,","At this point,","By contrast,",
"For the first time,","From there,","From the very start,",Halfway through,"However,","In a short demonstration,",
"In hindsight,","In one example,","In other words,","In practice,","In the closing part,","In the second part,",Instead,
Interestingly,"Later on,","Looking back,",Meanwhile,"Most of the time,","On camera,","On paper,","On the other hand,",
"Once that is clear,",Over the years,"Perhaps unexpectedly,","Put simply,","Step by step,",Still,
"The guest explains that","The speaker admits that","The video argues that","To be fair,","To make the point,",
Towards the end,"Under pressure,","Until recently,","What matters is that","With that in mind,","Worse,"}'::text[],
    key, topic)
$$;

CREATE FUNCTION pg_temp.closer(key bigint, topic bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT pg_temp.pick(
'{"","","","","","","","","","","","","","","","","","","","","","","","",""," a second time"," after all",
" almost by accident"," and nothing else"," as promised",
" at a lower price"," at scale"," before anyone notices"," behind the scenes"," by a wide margin"," by design",
" during the first year"," every single time"," for a while"," for most people"," for the better"," from the outside",
" in a few minutes"," in every case"," in less than a week"," in the long run"," more often than not"," on average",
" on its own"," once more"," over time"," rather than the other way round"," sooner or later"," step by step",
" to a surprising degree"," under load"," under the same conditions"," when it counts"," with very little effort",
" without much warning"," without asking"}'::text[],
    key, topic)
$$;

CREATE FUNCTION pg_temp.plural(noun text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN noun ~ '[^aeiou]y$' THEN regexp_replace(noun, 'y$', 'ies')
              WHEN noun ~ '(s|x|ch|sh)$' THEN noun || 'es'
              ELSE noun || 's' END
$$;

CREATE TEMPORARY TABLE sample_sentence (no integer PRIMARY KEY, sentence text NOT NULL, phrase text NOT NULL);

INSERT INTO sample_sentence
SELECT no,
       CASE mod(no, 8)
         WHEN 0 THEN format('The %%s %%s %%s %%s %%s %%s%%s.', a1, n1, d1, v1, a2, p2, tail)
         WHEN 1 THEN format('%%s %%s %%s and %%s meet in %%s, where one %%s %%s the %%s %%s%%s.',
                            opener, a1, p1, p2, place, n3, v1, a2, n4, tail)
         WHEN 2 THEN format('%%s every %%s %%s %%s its %%s%%s.', opener, n1, d1, v1, n2, tail)
         WHEN 3 THEN format('%%s, the %%s of %%s %%s %%s percent of all %%s %%s%%s.',
                            initcap(d1), n1, place, v1, number, a1, p2, tail)
         WHEN 4 THEN format('%%s %%s need %%s %%s; this %%s %%s both%%s.', initcap(a1), p1, a2, p2, n3, v1, tail)
         WHEN 5 THEN format('%%s whoever %%s %%s %%s also %%s the %%s%%s.', opener, d1, v1, p1, v2, n2, tail)
         WHEN 6 THEN format('That %%s %%s what the %%s %%s %%s: %%s %%s %%s%%s.',
                            n1, v1, n2, d1, v2, number, a1, p3, tail)
         ELSE format('No %%s %%s %%s as %%s as this %%s %%s %%s %%s.', n1, v1, place, d1, a1, n2, v2, p3)
       END,
       CASE mod(no, 3)
         WHEN 0 THEN format('%%s %%s and %%s', initcap(a1), p2, p3)
         WHEN 1 THEN format('Why the %%s %%s %%s', n1, v1, place)
         ELSE format('From %%s to %%s %%s', n1, a2, n4)
       END
FROM (
  SELECT *, pg_temp.plural(n1) AS p1, pg_temp.plural(n2) AS p2, pg_temp.plural(n3) AS p3
  FROM (
    SELECT no, pg_temp.opener(key, 1) AS opener, pg_temp.closer(key, 2) AS tail,
           pg_temp.adjective(key, 3) COLLATE "C" AS a1, pg_temp.adjective(key, 4) AS a2,
           pg_temp.noun(key, 5) AS n1, pg_temp.noun(key, 6) AS n2,
           pg_temp.noun(key, 7) AS n3, pg_temp.noun(key, 8) AS n4,
           pg_temp.verb(key, 9) AS v1, pg_temp.verb(key, 10) AS v2, pg_temp.adverb(key, 11) COLLATE "C" AS d1,
           pg_temp.place(key, 12) AS place, pg_temp.draw(key, 13, 96) + 3 AS number
    FROM (SELECT no, pg_temp.root(%(seed)s, 2, no) AS key FROM generate_series(0, 65535) AS no) AS keyed
  ) AS words
) AS inflected;

ANALYZE sample_sentence;
